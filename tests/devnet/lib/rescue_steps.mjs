// Carries out a plan of `margrave rescue` step by step on the real contracts: approvals, calls, and swaps by a stand-in
// that takes what is sold and gives what is bought, at the price that the plan assumes.
import { encodeAbiParameters, keccak256, parseAbi, parseAbiParameters, toHex } from "viem";
import { ERC20 } from "./aave.mjs";
import { addressOf } from "./random.mjs";
import { readHealth } from "./rescue.mjs";
import { mintMany } from "./tokens.mjs";

const APPROVE = parseAbi(["function approve(address spender, uint256 amount) returns (bool)"]);
const VENUE = addressOf("margrave devnet", "swap venue");
// Of Ledger in contracts/Tokens.sol.
const TRUSTED_SLOT = 3n;

/// Makes the contracts ask for allowances again, which the devnet otherwise spares them.
export async function withdrawTrust({ chain, tokens }, spenders) {
    const slots = spenders.map((spender) =>
        keccak256(encodeAbiParameters(parseAbiParameters("address, uint256"), [spender, TRUSTED_SLOT])),
    );
    const never = toHex(0n, { size: 32 });
    await chain.batch(
        Object.values(tokens).flatMap(({ address }) =>
            slots.map((slot) => ({ method: "anvil_setStorageAt", params: [address, slot, never] })),
        ),
    );
}

/// Resolves to the healths that the contracts give after each step, of the account that the step acts on. A step that
/// fails throws with the contract's reason. All happens in the second of the plan's block.
export async function healthsAfterSteps(devnet, account, plan) {
    const wallet = account.wallet.toLowerCase();
    const healths = [];
    const lent = loansOf(plan);
    bring(devnet, wallet, lent);
    for (const step of plan.steps) {
        queueStep(devnet, wallet, step);
        await devnet.chain.mine({ seconds: 0 });
        const acted = step.account ? { ...step.account, wallet: account.wallet } : account;
        healths.push(await readHealth(devnet, acted));
    }
    // What a flash loan gave is given back.
    for (const [asset, amount] of lent) transfer(devnet, wallet, tokenOf(devnet, asset), amount);
    await devnet.chain.mine({ seconds: 0 });
    return healths;
}

const loansOf = ({ steps }) =>
    steps.flatMap(({ asset, from }) =>
        from.filter(({ source }) => source === "flash").map(({ amount_raw }) => [asset, BigInt(amount_raw)]),
    );

const tokenOf = ({ tokens }, asset) =>
    Object.values(tokens).find(({ address }) => address.toLowerCase() === asset.toLowerCase());

function bring(devnet, wallet, amounts) {
    for (const [asset, amount] of amounts) mintMany(devnet.chain, tokenOf(devnet, asset), [wallet], [amount]);
}

const transfer = ({ chain }, from, token, amount) =>
    chain.send({ from, to: token.address, abi: ERC20, functionName: "transfer", args: [VENUE, amount] });

function queueStep(devnet, wallet, step) {
    const { chain } = devnet;
    if (step.action === "swap") {
        if (step.sold.asset) transfer(devnet, wallet, tokenOf(devnet, step.sold.asset), BigInt(step.sold.amount_raw));
        bring(devnet, wallet, [[step.asset, BigInt(step.amount_raw)]]);
        return;
    }
    const outside = step.from.filter(({ source }) => source === "outside");
    bring(
        devnet,
        wallet,
        outside.map(({ amount_raw }) => [step.asset, BigInt(amount_raw)]),
    );
    for (const { token, spender, amount_raw } of step.approvals) {
        const args = [spender, BigInt(amount_raw)];
        chain.send({ from: wallet, to: token, abi: APPROVE, functionName: "approve", args });
    }
    chain.sendRaw({ from: wallet, to: step.call.to, data: step.call.data });
}
