// What administrators change in real pools and what wallets open and close there, as `margrave watch` tells of it.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { getAddress, parseAbi } from "viem";
import { POOL } from "../lib/aave.mjs";
import { ADMIN } from "../lib/chain.mjs";
import { skip } from "../lib/margrave.mjs";
import { addressOf } from "../lib/random.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { deployFeed, mintMany } from "../lib/tokens.mjs";
import { until } from "../lib/watch.mjs";
import { startWatchWorld } from "../lib/watch_world.mjs";

const RULES = ["parameter", "account"]
    .map(
        (what) => `
[[rules]]
name = "${what}s"
watch = "${what}_changes"
severity = "warning"
fire_above = "0"
flap_count = 0
within_s = 3600
clear_blocks = 2
`,
    )
    .join("");

const DATA_PROVIDER = parseAbi([
    "function getReserveConfigurationData(address) view returns (uint256 decimals, uint256 ltv, uint256 threshold, uint256 bonus, uint256 reserveFactor, bool asCollateral, bool borrowing, bool stable, bool active, bool frozen)",
]);
const ORACLE = parseAbi([
    "function setAssetSources(address[] assets, address[] sources)",
    "function getSourceOfAsset(address) view returns (address)",
]);

const MAX = 2n ** 256n - 1n;

describe("watch: changes", { skip, concurrency: false }, () => {
    let world, devnet, chain, market, receiver, weth;
    const stranger = addressOf("margrave watch", "stranger");

    before(async () => {
        world = await startWatchWorld();
        ({ devnet, market, receiver } = world);
        ({ chain } = devnet);
        weth = market.reserves.find(({ symbol }) => symbol === "WETH");
    });
    after(() => world?.stop());
    beforeEach(() => world.reset());

    const started = async (wallets) => {
        const watch = world.watch(wallets, RULES);
        await world.evaluated(watch, (await chain.mine()).number);
        return watch;
    };
    /// The messages of a rule, once there are so many.
    const told = (rule, count) =>
        until(() => {
            const found = receiver.messages.filter((message) => message.rule === rule);
            return found.length >= count && found;
        }, `${count} of ${rule}`);
    const settings = async () => {
        const args = { to: market.dataProvider, abi: DATA_PROVIDER, functionName: "getReserveConfigurationData" };
        const [, ltv, threshold, bonus] = await chain.read({ ...args, args: [weth.asset] });
        return { ltv, threshold, bonus };
    };
    const setThreshold = async (threshold) => {
        const { ltv, bonus } = await settings();
        market.configure("configureReserveAsCollateral", weth.asset, ltv, threshold, bonus);
        return chain.mine();
    };
    const oracle = (functionName, ...args) => ({ to: market.oracle, abi: ORACLE, functionName, args });
    const changesOf = ({ changes }) => changes.map(({ what, was, is }) => [what, was, is]);

    test("a threshold that governance lowers is told with what it was, a replaced oracle after it, and both are over in time", async () => {
        const watch = await started();
        const { threshold } = await settings();
        const block = await setThreshold(threshold - 50n);
        const [fired] = await told("parameters", 1);
        const { id, ...body } = fired;
        assertValid("alert.schema.json", body);
        assert.equal(fired.kind, "fire");
        assert.equal(fired.alert, "parameters devnet aave_v3/v36");
        assert.equal(fired.wallet, null);
        assert.equal(fired.value, "1");
        assert.equal(fired.block.number, String(block.number));
        const lowered = {
            what: "WETH liquidation threshold",
            was: `${threshold} bps`,
            is: `${(await settings()).threshold} bps`,
            block: String(block.number),
            timestamp: String(block.timestamp),
        };
        assert.deepEqual(fired.changes, [lowered]);
        assert.match(fired.summary, /WETH liquidation threshold is \d+ bps, was \d+ bps \(block \d+\)/);

        const before = await chain.read(oracle("getSourceOfAsset", weth.asset));
        const feed = deployFeed(chain, "WETH / USD", devnet.tokens.WETH.price);
        await chain.mine();
        chain.send({ from: ADMIN, ...oracle("setAssetSources", [weth.asset], [feed]) });
        const replaced = await chain.mine();
        const [, end, second] = await told("parameters", 3);
        assert.deepEqual([end.kind, end.episode], ["resolve", 1]);
        assert.match(end.summary, /more of which is told next/);
        assert.deepEqual([second.kind, second.episode, second.value], ["fire", 2, "2"]);
        assert.deepEqual(changesOf(second), [
            ["WETH oracle", getAddress(before), getAddress(await chain.read(oracle("getSourceOfAsset", weth.asset)))],
            ["WETH liquidation threshold", lowered.was, lowered.is],
        ]);
        assert.equal(second.block.number, String(replaced.number));

        // Prices, interest and time change none of it.
        await world.fall();
        await world.rise();
        await chain.mine({ seconds: 3600 });
        await chain.mine();
        const last = await chain.mine();
        const [, , , over] = await told("parameters", 4);
        assert.deepEqual([over.kind, over.episode, over.value], ["resolve", 2, "0"]);
        assert.equal(over.block.number, String(last.number));
        chain.send({ from: ADMIN, ...oracle("setAssetSources", [weth.asset], [before]) });
        await chain.mine();
        assert.equal(await watch.stop(), 0);
    });

    test("what is changed while nobody watches is told when somebody does again", async () => {
        const watch = await started();
        await watch.stop("SIGKILL");
        market.configure("setBorrowCap", weth.asset, 123_456n);
        market.configure("setReserveFactor", weth.asset, 2_000n);
        await chain.mine();
        await chain.mine();
        watch.start();
        const [fired] = await told("parameters", 1);
        assert.deepEqual(changesOf(fired).sort(), [
            ["WETH borrow cap", "none", "123456"],
            ["WETH reserve factor", "1500 bps", "2000 bps"],
        ]);
        // Told once: another start has nothing to add.
        await watch.stop("SIGKILL");
        watch.start();
        await world.evaluated(watch, (await chain.mine()).number);
        assert.equal(receiver.messages.filter(({ rule }) => rule === "parameters").length, 1);
        await watch.stop();
    });

    test("a reorganisation undoes a change, which may come again in another block", async () => {
        const watch = await started();
        const { threshold } = await settings();
        await chain.onSnapshot(async () => {
            await setThreshold(threshold - 25n);
            await told("parameters", 1);
        });
        await chain.mine({ seconds: 13 });
        await chain.mine();
        await chain.mine();
        const last = await chain.mine();
        await world.evaluated(watch, last.number);
        assert.match(watch.stderr, /blocks? .* reorganised away/);
        const [, end] = await told("parameters", 2);
        assert.deepEqual([end.kind, end.value], ["resolve", "0"]);
        await setThreshold(threshold - 75n);
        const [, , fired] = await told("parameters", 3);
        assert.deepEqual(changesOf(fired), [["WETH liquidation threshold", `${threshold} bps`, `${threshold - 75n} bps`]]);
        await watch.stop();
    });

    test("an account is opened and closed, also while nobody watches", async () => {
        const pool = (functionName, ...args) => chain.send({ from: stranger, to: market.pool, abi: POOL, functionName, args });
        const supply = () => {
            mintMany(chain, devnet.tokens.WETH, [stranger], [10n ** 18n]);
            pool("supply", weth.asset, 10n ** 18n, stranger, 0);
            return chain.mine();
        };
        const watch = await started([stranger, world.healthy]);
        const opened = await supply();
        const [first] = await told("accounts", 1);
        const { id, ...body } = first;
        assertValid("alert.schema.json", body);
        assert.equal(first.alert, `accounts devnet ${getAddress(stranger)}`);
        assert.deepEqual([first.kind, first.value, first.block.number], ["fire", "1", String(opened.number)]);
        assert.deepEqual(changesOf(first), [["account aave_v3/v36", "closed", "open"]]);

        await watch.stop("SIGKILL");
        pool("withdraw", weth.asset, MAX, stranger);
        await chain.mine();
        watch.start();
        const [, end, second] = await told("accounts", 3);
        assert.deepEqual([end.kind, second.kind, second.value], ["resolve", "fire", "2"]);
        assert.deepEqual(changesOf(second)[0], ["account aave_v3/v36", "open", "closed"]);

        // A protocol that cannot be read closes nothing.
        await supply();
        await told("accounts", 5);
        const { length } = receiver.messages;
        world.cut = true;
        await chain.mine();
        await new Promise((resolve) => setTimeout(resolve, 500));
        world.cut = false;
        await world.evaluated(watch, (await chain.mine()).number);
        assert.equal(receiver.messages.length, length);
        // Whom nobody watched before had his account already.
        await watch.stop();
        watch.wallets = [stranger, world.healthy, world.other];
        watch.start();
        await world.evaluated(watch, (await chain.mine()).number);
        assert.equal(receiver.messages.filter(({ rule }) => rule === "accounts").length, 5);
        await watch.stop();
    });
});
