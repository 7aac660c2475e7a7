// Carries out what `margrave rescue` plans on the real contracts, and asks them for the health that comes of it.
import { decodeFunctionData, maxUint256, parseAbi } from "viem";
import { POOL } from "./aave.mjs";
import { MORPHO } from "./morpho.mjs";
import { readMorphoMarket } from "./morpho_truth.mjs";
import { mintMany } from "./tokens.mjs";

const APPROVE = parseAbi(["function approve(address spender, uint256 amount) returns (bool)"]);

const ABI_OF = { aave_v3: POOL, morpho_blue: MORPHO };

/// The health factor that the protocol itself gives the account now; null without debt.
export async function readHealth(devnet, { protocol, market, wallet }, block = "latest") {
    if (protocol === "aave_v3") {
        const { pool } = devnet.markets.find(({ name }) => name === market);
        const args = { to: pool, abi: POOL, functionName: "getUserAccountData", args: [wallet], block };
        const [, debt, , , , health] = await devnet.chain.read(args);
        return debt === 0n ? null : health;
    }
    const place = devnet.blue.markets.find(({ id }) => id.toLowerCase() === market.toLowerCase());
    const tag = block === "latest" ? BigInt(await devnet.chain.rpc("eth_blockNumber")) : block;
    const [{ healthFactor }] = await readMorphoMarket(devnet.chain, devnet.blue, place, [wallet], tag);
    return healthFactor;
}

/// Signs for the wallet: the plan's own calls, `less` units taken from the last amount; `seconds` after the block of
/// the plan. What the plan needs from outside, and what it swaps for, is minted. Throws when a call fails.
export async function carryOut(devnet, { protocol, wallet }, plan, { seconds, less = 0n }) {
    const { chain } = devnet;
    bring(devnet, wallet, plan);
    const last = plan.calls.length - 1;
    plan.calls.forEach((call, i) => {
        const abi = i < plan.calls.length - plan.steps.filter((step) => step.call).length ? APPROVE : ABI_OF[protocol];
        const { functionName, args } = decodeFunctionData({ abi, data: call.data });
        const given = i === last && less ? lessened(functionName, args, less) : args;
        chain.send({ from: wallet.toLowerCase(), to: call.to, abi, functionName, args: given });
    });
    return chain.mine({ seconds });
}

function bring({ chain, tokens }, wallet, { steps }) {
    const sources = ["swap", "outside"];
    for (const { asset, from } of steps) {
        const token = Object.values(tokens).find(({ address }) => address.toLowerCase() === asset?.toLowerCase());
        for (const { source, amount_raw } of from) {
            if (sources.includes(source)) mintMany(chain, token, [wallet], [BigInt(amount_raw)]);
        }
    }
}

/// Whether one unit less can be asked for: of a number, not of "everything" or of a switch, and where it is the only
/// amount.
export function canBeLess({ steps }) {
    const { from, is_all, amount_raw } = steps.at(-1);
    const isOnly = steps.filter((step) => step.from.length > 0).length === 1;
    return isOnly && from.length > 0 && !is_all && BigInt(amount_raw) > 1n;
}

function lessened(functionName, args, less) {
    const out = [...args];
    if (out[1] === maxUint256) throw new Error(`${functionName} asks for everything`);
    out[1] -= less;
    return out;
}
