// Random swaps at real pairs of Uniswap v2 through its own router: amounts and reserves are the contract's to the unit.
// MARGRAVE_SEED takes others.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createRequire } from "node:module";
import path from "node:path";
import { decodeEventLog, parseAbi } from "viem";
import { CHAIN_ID, GENESIS_TIME, startAnvil } from "../lib/anvil.mjs";
import { ADMIN, Chain } from "../lib/chain.mjs";
import { margrave, skip as skipMargrave, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { MULTICALL3, installMulticall3 } from "../lib/multicall3.mjs";
import { Random } from "../lib/random.mjs";
import { Replay, skip as skipReplay } from "../lib/replay.mjs";
import { deployTokens, mintMany, trust } from "../lib/tokens.mjs";

const require = createRequire(import.meta.url);
const FACTORY = require("@uniswap/v2-core/build/UniswapV2Factory.json");
const ROUTER = require("@uniswap/v2-periphery/build/UniswapV2Router02.json");
const WETH9 = require("@aave/core-v3/artifacts/contracts/dependencies/weth/WETH9.sol/WETH9.json");
const PAIR = parseAbi([
    "function token0() view returns (address)",
    "function getReserves() view returns (uint112, uint112, uint32)",
    "event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)",
]);

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const SWAPS = 600;
const PER_BLOCK = 100;
const FOREVER = 2n ** 40n;
const PLENTY = 10n ** 32n;

const plain = ({ abi, bytecode }) => ({ abi, bytecode: bytecode.startsWith("0x") ? bytecode : `0x${bytecode}` });

describe(`swaps at Uniswap v2, seed "${seed}"`, { skip: skipMargrave || skipReplay }, () => {
    let anvil, chain, router, pairs, replay;
    const random = new Random(`${seed} uniswap v2`);

    before(async () => {
        anvil = await startAnvil();
        chain = new Chain(anvil.url, GENESIS_TIME);
        await installMulticall3(chain);
        const tokens = deployTokens(chain);
        const weth = chain.deploy(plain(WETH9));
        const factory = chain.deploy(plain(FACTORY), [ADMIN]);
        router = chain.deploy(plain(ROUTER), [factory, weth]);
        await chain.mine();
        for (const symbol of ["WETH", "USDC", "DAI"]) {
            mintMany(chain, tokens[symbol], [ADMIN], [PLENTY]);
            trust(chain, tokens[symbol], router);
        }
        await chain.mine();
        pairs = [
            await fillPair(factory, tokens.WETH, tokens.USDC, 4_000n, 10_000_000n),
            await fillPair(factory, tokens.DAI, tokens.USDC, 70n, 77n),
        ];
        replay = new Replay(await saveSnapshot());
    });
    after(async () => {
        replay?.stop();
        await anvil?.stop();
    });

    async function fillPair(factory, a, b, wholeA, wholeB) {
        const unit = (token, whole) => whole * 10n ** BigInt(token.decimals) + 7n;
        const args = [a.address, b.address, unit(a, wholeA), unit(b, wholeB), 0n, 0n, ADMIN, FOREVER];
        chain.send({ to: router, abi: ROUTER.abi, functionName: "addLiquidity", args });
        await chain.mine();
        const find = { to: factory, abi: FACTORY.abi, functionName: "getPair", args: [a.address, b.address] };
        return { address: await chain.read(find), a, b };
    }

    async function saveSnapshot() {
        const file = path.join(temporaryFolder(), "pairs.json");
        const config = [
            `[chains.devnet]\nchain_id = ${CHAIN_ID}\nrpc = ["${anvil.url}"]\nmulticall3 = "${MULTICALL3}"\n`,
            ...pairs.map(
                ({ address }) =>
                    `[[pools]]\nkind = "uniswap_v2"\nchain = "devnet"\naddress = "${address}"\nrouter = "${router}"\n`,
            ),
        ].join("\n");
        const wallet = "0x1230000000000000000000000000000000000000";
        const { code, stderr } = await margrave(["rescue", wallet, "--config", writeConfig(config), "--snapshot-out", file]);
        assert.equal(code, 0, stderr);
        return file;
    }

    function randomSwap() {
        const pair = random.pick(pairs);
        const [sell, buy] = random.chance(0.5) ? [pair.a, pair.b] : [pair.b, pair.a];
        const exactOut = random.chance(0.5);
        const whole = random.chance(0.1) ? random.logBetween(1e-18, 1e-9) : random.logBetween(1e-6, 500);
        const amount = BigInt(Math.ceil(whole * 10 ** (exactOut ? buy : sell).decimals));
        return { pair, sell, buy, exactOut, amount };
    }

    function callOf({ sell, buy, exactOut, amount }) {
        const ends = [[sell.address, buy.address], ADMIN, FOREVER];
        return exactOut
            ? { functionName: "swapTokensForExactTokens", args: [amount, PLENTY, ...ends] }
            : { functionName: "swapExactTokensForTokens", args: [amount, 0n, ...ends] };
    }

    const lineOf = ({ pair, sell, buy, exactOut, amount }) => ({
        swap: { pool: pair.address, sell: sell.address, buy: buy.address, amount, exact_out: exactOut },
    });

    /// The pair's own event; null when the swap was refused.
    async function executeAll(swaps) {
        for (const swap of swaps) chain.send({ to: router, abi: ROUTER.abi, ...callOf(swap) });
        const { hashes, number } = await chain.mineTolerantly();
        const tag = `0x${number.toString(16)}`;
        const logs = await chain.rpc("eth_getLogs", [{ fromBlock: tag, toBlock: tag }]);
        const events = new Map();
        for (const { address, topics, data, transactionHash } of logs) {
            if (!pairs.some((pair) => pair.address.toLowerCase() === address)) continue;
            try {
                events.set(transactionHash, decodeEventLog({ abi: PAIR, topics, data }).args);
            } catch {
                // Another event of the pair.
            }
        }
        return swaps.map((_, i) => {
            const event = events.get(hashes[i]);
            if (!event) return null;
            const { amount0In, amount1In, amount0Out, amount1Out } = event;
            return { sold: String(amount0In + amount1In), bought: String(amount0Out + amount1Out) };
        });
    }

    test(`${SWAPS} random swaps move what the pair moves`, async (context) => {
        let refused = 0;
        for (let start = 0; start < SWAPS; start += PER_BLOCK) {
            const part = Array.from({ length: PER_BLOCK }, randomSwap);
            const theirs = await executeAll(part);
            const ours = await Promise.all(part.map((swap) => replay.ask(lineOf(swap))));
            part.forEach((swap, i) => {
                const { ok, sold, bought } = ours[i];
                const moved = ok ? { sold, bought } : null;
                assert.deepEqual(moved, theirs[i], `swap ${start + i}: ${swap.sell.symbol} ${swap.amount}`);
                if (!theirs[i]) refused++;
            });
        }
        context.diagnostic(`${refused} refused`);
        assert.ok(refused < SWAPS / 2);
    });
});
