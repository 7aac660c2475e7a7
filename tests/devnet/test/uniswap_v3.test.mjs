// Random swaps at the real pools of Uniswap v3: what is paid, what comes out, where price, tick and liquidity end, and
// what is refused are the contract's own to the unit. MARGRAVE_SEED takes others.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fs from "node:fs";
import path from "node:path";
import { decodeEventLog, encodeFunctionData, getAddress, decodeFunctionResult } from "viem";
import { CHAIN_ID, GENESIS_TIME, startAnvil } from "../lib/anvil.mjs";
import { Chain } from "../lib/chain.mjs";
import { margrave, skip as skipMargrave, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { MULTICALL3, installMulticall3 } from "../lib/multicall3.mjs";
import { Random } from "../lib/random.mjs";
import { Replay, skip as skipReplay } from "../lib/replay.mjs";
import { deployTokens } from "../lib/tokens.mjs";
import {
    POOL_ABI,
    QUOTER_ABI,
    SPACINGS,
    SWAPPER_ABI,
    TICK_MAX,
    addPosition,
    deployUniswap,
    makePool,
    poolsToml,
    readState,
    sqrtPriceNear,
    sqrtPriceOf,
    supplyTokens,
} from "../lib/uniswap.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const SWAPS = 10_000;
const PER_BLOCK = 100;
const QUOTES = 40;
const PRICE = 2500n;

describe(`swaps at Uniswap v3, seed "${seed}"`, { skip: skipMargrave || skipReplay }, () => {
    let anvil, chain, uniswap, tokens, pools, replay;
    const replays = [];
    const random = new Random(`${seed} uniswap`);

    before(async () => {
        anvil = await startAnvil();
        chain = new Chain(anvil.url, GENESIS_TIME);
        await installMulticall3(chain);
        tokens = deployTokens(chain);
        uniswap = deployUniswap(chain);
        await chain.mine();
        supplyTokens(chain, uniswap, [tokens.WETH, tokens.USDC, tokens.DAI]);
        await chain.mine();
        pools = [];
        for (const fee of Object.keys(SPACINGS).map(Number)) pools.push(await fillPool(tokens.WETH, tokens.USDC, fee));
        pools.push(await fillPool(tokens.WETH, tokens.DAI, 3000));
        replay = await startReplay(poolsToml(pools));
    });
    after(async () => {
        for (const one of replays) one.stop();
        await anvil?.stop();
    });

    /// Positions over everything, around the price, beside it, within one spacing, and next to nothing.
    async function fillPool(weth, dollars, fee) {
        const [first] = BigInt(weth.address) < BigInt(dollars.address) ? [weth] : [dollars];
        const [token0, token1] = first === weth ? [weth, dollars] : [dollars, weth];
        const price = first === weth ? [PRICE, 1n] : [1n, PRICE];
        const pool = await makePool(chain, uniswap, weth, dollars, fee, sqrtPriceOf(token0, token1, price));
        const { spacing } = pool;
        const { tick } = await readState(chain, pool);
        const middle = Math.floor(Number(tick) / spacing) * spacing;
        const unit = (token, whole) => (whole * 10n ** BigInt(token.decimals)) / 1000n;
        const add = (lower, upper, thousandths) =>
            addPosition(
                chain,
                uniswap,
                pool,
                lower,
                upper,
                unit(token0, token0 === weth ? thousandths : thousandths * PRICE),
                unit(token1, token1 === weth ? thousandths : thousandths * PRICE),
            );
        const end = Math.floor(TICK_MAX / spacing) * spacing;
        add(-end, end, 5_000n);
        for (let i = 0; i < 25; i++) {
            const reach = () => Math.ceil(random.logBetween(1, 6000) / spacing) * spacing;
            add(middle - reach(), middle + spacing + reach(), BigInt(random.below(200_000) + 1_000));
        }
        for (let i = 0; i < 6; i++) {
            const near = (1 + random.below(20)) * spacing;
            const far = near + (1 + random.below(30)) * spacing;
            add(middle + spacing + near, middle + spacing + far, BigInt(random.below(50_000) + 1_000));
            add(middle - far, middle - near, BigInt(random.below(50_000) + 1_000));
        }
        add(middle, middle + spacing, 10_000n);
        add(middle - spacing, middle, 10_000n);
        addPosition(chain, uniswap, pool, middle - spacing, middle + 2 * spacing, 1_000_000n, 1_000_000n);
        await chain.mine();
        return pool;
    }

    async function saveSnapshot(toml) {
        const file = path.join(temporaryFolder(), "pools.json");
        const config = [
            `[chains.devnet]\nchain_id = ${CHAIN_ID}\nrpc = ["${anvil.url}"]\nmulticall3 = "${MULTICALL3}"\n`,
            toml,
        ].join("\n");
        const wallet = "0x1230000000000000000000000000000000000000";
        const { code, stderr } = await margrave(["rescue", wallet, "--config", writeConfig(config), "--snapshot-out", file]);
        assert.equal(code, 0, stderr);
        return file;
    }

    async function startReplay(toml) {
        const started = new Replay(await saveSnapshot(toml));
        replays.push(started);
        return started;
    }

    /// Amounts from one unit to more than most positions hold; a fifth with a price limit, which may be behind.
    function randomSwap(pool) {
        const zeroForOne = random.chance(0.5);
        const exactOut = random.chance(0.5);
        const counted = zeroForOne !== exactOut ? pool.token0 : pool.token1;
        const whole = counted.symbol === "WETH" ? 1 : Number(PRICE);
        const share = random.chance(0.1) ? random.logBetween(1e-18, 1e-9) : random.logBetween(1e-6, 400);
        const amount = BigInt(Math.ceil(whole * share * 10 ** counted.decimals));
        const { tick } = pool.begin;
        const limit = random.chance(0.2) ? sqrtPriceNear(Number(tick) + random.below(4000) - 2000) : null;
        return { pool, zeroForOne, exactOut, amount, limit };
    }

    const ENDS = { true: 4295128740n, false: 1461446703485210103287273052203988822378723970341n };

    const callOf = ({ pool, zeroForOne, exactOut, amount, limit }) => ({
        to: uniswap.swapper,
        abi: SWAPPER_ABI,
        functionName: "swap",
        args: [pool.address, zeroForOne, exactOut ? -amount : amount, limit ?? ENDS[zeroForOne]],
        gas: 50_000_000n,
    });

    const lineOf = ({ pool, zeroForOne, exactOut, amount, limit }) => ({
        swap: {
            pool: pool.address,
            sell: (zeroForOne ? pool.token0 : pool.token1).address,
            buy: (zeroForOne ? pool.token1 : pool.token0).address,
            amount,
            exact_out: exactOut,
            ...(limit ? { limit_x96: limit } : {}),
        },
    });

    const abs = (value) => (value < 0n ? -value : value);

    /// The pool's own event, in the words of the replay; null when the swap was refused.
    async function executeAll(swaps) {
        for (const swap of swaps) chain.send(callOf(swap));
        const { hashes, number } = await chain.mineTolerantly();
        const tag = `0x${number.toString(16)}`;
        const logs = await chain.rpc("eth_getLogs", [{ fromBlock: tag, toBlock: tag }]);
        const events = new Map();
        for (const { address, topics, data, transactionHash } of logs) {
            if (!pools.some((pool) => pool.address.toLowerCase() === address)) continue;
            const { args } = decodeEventLog({ abi: POOL_ABI, topics, data });
            events.set(transactionHash, args);
        }
        return swaps.map(({ zeroForOne }, i) => {
            const event = events.get(hashes[i]);
            if (!event) return null;
            const [paid, got] = zeroForOne ? [event.amount0, event.amount1] : [event.amount1, event.amount0];
            return {
                sold: String(abs(paid)),
                bought: String(abs(got)),
                sqrt_price_x96: String(event.sqrtPriceX96),
                tick: String(event.tick),
                liquidity: String(event.liquidity),
            };
        });
    }

    /// A limit behind the price is a refusal of the contract; ours then says that nothing was done.
    const ofReplay = ({ ok, reason, detail, unfilled, ...moved }) =>
        !ok || (moved.sold === "0" && moved.bought === "0" && unfilled !== "0") ? null : moved;

    test(`${SWAPS} random swaps in both directions end where the contract's end`, async (context) => {
        const swaps = [];
        for (const pool of pools) pool.begin = await readState(chain, pool);
        for (let i = 0; i < SWAPS; i++) swaps.push(randomSwap(random.pick(pools)));
        let refused = 0;
        const ticks = new Set();
        for (let start = 0; start < swaps.length; start += PER_BLOCK) {
            const part = swaps.slice(start, start + PER_BLOCK);
            const theirs = await executeAll(part);
            const ours = await Promise.all(part.map((swap) => replay.ask(lineOf(swap))));
            part.forEach((swap, i) => {
                const text = JSON.stringify(lineOf(swap), (_, value) => (typeof value === "bigint" ? String(value) : value));
                assert.deepEqual(ofReplay(ours[i]), theirs[i], `swap ${start + i}: ${text}`);
                if (!theirs[i]) refused++;
                else ticks.add(`${swap.pool.fee} ${theirs[i].tick}`);
            });
        }
        context.diagnostic(`${refused} refused, ${ticks.size} different ticks reached`);
        assert.ok(refused < SWAPS / 2 && ticks.size > SWAPS / 20);
        // The snapshot's own file, read again at the end, says the same as what was replayed.
        for (const pool of pools) {
            const zero = { swap: { ...lineOf(randomSwap(pool)).swap, amount: 0n, limit_x96: undefined } };
            const { reason, sqrt_price_x96, tick, liquidity } = await replay.ask(zero);
            assert.equal(reason, "zero_amount");
            assert.deepEqual({ sqrt_price_x96, tick, liquidity }, await readState(chain, pool));
        }
    });

    test("a pool that is emptied in one direction, then in the other", async () => {
        // The widest spacing: a swap across everything is thousands of steps in the narrowest.
        const pool = pools.find(({ fee }) => fee === 10_000);
        const exhaust = (zeroForOne) => ({ pool, zeroForOne, exactOut: false, amount: 10n ** 34n, limit: null });
        const purchase = { pool, zeroForOne: true, exactOut: true, amount: 1n, limit: null };
        const swaps = [exhaust(true), exhaust(true), exhaust(false), purchase, exhaust(false), exhaust(true)];
        const theirs = await executeAll(swaps);
        for (const [i, swap] of swaps.entries()) {
            const ours = await replay.ask(lineOf(swap));
            assert.deepEqual(ofReplay(ours), theirs[i], `step ${i}: ${JSON.stringify(ours)}`);
        }
    });

    test("QuoterV2 quotes the same", async () => {
        const fresh = await startReplay(poolsToml(pools.slice(1)));
        for (let i = 0; i < QUOTES; i++) {
            const swap = { ...randomSwap(random.pick(pools.slice(1))), limit: null };
            await fresh.ask({ reset: "1" });
            const ours = await fresh.ask(lineOf(swap));
            assert.deepEqual(ours.ok ? [ours.sold, ours.bought, ours.sqrt_price_x96] : null, await quote(swap, ours));
        }
    });

    /// null when the pool refuses: one that was emptied is already at the limit.
    async function quote({ pool, zeroForOne, exactOut, amount }, { unfilled }) {
        const functionName = exactOut ? "quoteExactOutputSingle" : "quoteExactInputSingle";
        const params = {
            tokenIn: (zeroForOne ? pool.token0 : pool.token1).address,
            tokenOut: (zeroForOne ? pool.token1 : pool.token0).address,
            [exactOut ? "amount" : "amountIn"]: amount,
            fee: pool.fee,
            sqrtPriceLimitX96: exactOut && unfilled !== "0" ? ENDS[zeroForOne] : 0n,
        };
        const data = encodeFunctionData({ abi: QUOTER_ABI, functionName, args: [params] });
        let result;
        try {
            result = await chain.rpc("eth_call", [{ to: uniswap.quoter, data, gas: "0x5f5e1000" }, "latest"]);
        } catch (error) {
            assert.match(error.message, /execution reverted: SPL/);
            return null;
        }
        const [other, price] = decodeFunctionResult({ abi: QUOTER_ABI, functionName, data: result });
        const left = BigInt(unfilled);
        const moved = amount - left;
        return (exactOut ? [other, moved] : [moved, other]).map(String).concat(String(price));
    }

    test("a swap out of the band that was read is refused, never wrong", async (context) => {
        const pool = pools[1]; // a word of its ticks is a quarter of the price wide
        const whole = await startReplay(poolsToml([pool]));
        const narrow = await startReplay(poolsToml([pool], { band: 300 }));
        let beyond = 0;
        for (let i = 0; i < 120; i++) {
            const line = lineOf({ ...randomSwap({ ...pool, begin: await readState(chain, pool) }), limit: null });
            line.swap.amount *= 1n + BigInt(i * i);
            await whole.ask({ reset: "1" });
            await narrow.ask({ reset: "1" });
            const ours = await narrow.ask(line);
            if (ours.reason === "beyond_band") beyond++;
            else assert.deepEqual(ours, await whole.ask(line));
        }
        context.diagnostic(`${beyond} of 120 swaps leave the band`);
        assert.ok(beyond > 0 && beyond < 120);
    });

    test("a pool that is none is a gap of its own, and the others are read", async () => {
        const config = [
            `[chains.devnet]\nchain_id = ${CHAIN_ID}\nrpc = ["${anvil.url}"]\nmulticall3 = "${MULTICALL3}"\n`,
            poolsToml([pools[1], { address: getAddress(uniswap.factory) }]),
        ].join("\n");
        const file = path.join(temporaryFolder(), "gap.json");
        const wallet = "0x1230000000000000000000000000000000000000";
        const options = ["--json", "--snapshot-out", file];
        const { code, json } = await margrave(["rescue", wallet, "--config", writeConfig(config), ...options]);
        assert.equal(code, 4);
        assert.deepEqual(
            json.gaps.map(({ protocol, market, kind }) => ({ protocol, market, kind })),
            [{ protocol: "uniswap_v3", market: getAddress(uniswap.factory), kind: "reverted" }],
        );
        assert.equal(JSON.parse(fs.readFileSync(file, "utf8")).venues.length, 1);
    });
});
