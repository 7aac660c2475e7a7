// Prices that differ, and pegs that are lost, as `margrave watch` tells of them over real pools.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { formatUnits, parseAbi } from "viem";
import { ORACLE } from "../lib/aave.mjs";
import { ADMIN } from "../lib/chain.mjs";
import { skip } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { deployFeed, setFeed } from "../lib/tokens.mjs";
import { until } from "../lib/watch.mjs";
import { startWatchWorld } from "../lib/watch_world.mjs";

const RULES = `
[[rules]]
name = "divergence"
watch = "oracle_divergence"
severity = "critical"
fire_above = "0.02"
clear_below = "0.01"
clear_blocks = 1

[[rules]]
name = "depeg"
watch = "peg_distance"
severity = "critical"
pegs = ["DAI/USD", "USDC/USD"]
fire_above = "0.03"
clear_below = "0.01"
clear_blocks = 1
`;

const SET_SOURCES = parseAbi(["function setAssetSources(address[] assets, address[] sources)"]);

describe("watch: prices", { skip, concurrency: false }, () => {
    let world, devnet, chain, market, receiver, other;

    before(async () => {
        world = await startWatchWorld();
        ({ devnet, market, receiver } = world);
        ({ chain } = devnet);
        other = devnet.markets.find(({ name }) => name === "v30");
    });
    after(() => world?.stop());
    beforeEach(() => world.reset());

    /// Far enough behind the last one that all of it is looked at.
    const look = () => chain.mine({ seconds: 61 });
    const told = (rule, count) =>
        until(() => {
            const found = receiver.messages.filter((message) => message.rule === rule);
            return found.length >= count && found;
        }, `${count} of ${rule}`);
    const priceIn = ({ oracle }, { address }) => chain.read({ to: oracle, abi: ORACLE, functionName: "getAssetPrice", args: [address] });
    const setSource = (token, feed) =>
        chain.send({ from: ADMIN, to: market.oracle, abi: SET_SOURCES, functionName: "setAssetSources", args: [[token.address], [feed]] });
    /// |a / b - 1| as a decimal, rounded down.
    const distance = (a, b) => formatUnits(((a > b ? a - b : b - a) * 10n ** 18n) / b, 18);

    test("a market's oracle that leaves what another market says is told by the asset, and ends when it comes back", async () => {
        const { WETH } = devnet.tokens;
        const feed = deployFeed(chain, "WETH / USD", (WETH.price * 103n) / 100n);
        const watch = world.watch([world.healthy], RULES);
        await world.evaluated(watch, (await look()).number);
        assert.deepEqual(receiver.messages.filter(({ rule }) => rule === "divergence"), []); // one contract, one opinion
        setSource(WETH, feed);
        await look();
        const [fired] = await told("divergence", 1);
        const { id, ...body } = fired;
        assertValid("alert.schema.json", body);
        assert.equal(fired.alert, "divergence devnet aave_v3/v36");
        assert.equal(fired.about, "WETH, beside aave_v3/v30");
        assert.equal(fired.value, distance(await priceIn(market, WETH), await priceIn(other, WETH)));
        assert.match(fired.summary, /oracle_divergence 0\.0\d+ \(WETH, beside aave_v3\/v30\), fires above 0\.02/);
        setFeed(chain, feed, WETH.price);
        await look();
        await look();
        const [, end] = await told("divergence", 2);
        assert.equal(end.kind, "resolve");
        setSource(WETH, WETH.feed);
        await look();
        await watch.stop();
    });

    test("a dollar that is none is told, and nothing of it while the node is gone", async () => {
        const { DAI } = devnet.tokens;
        const watch = world.watch([world.healthy], RULES);
        await world.evaluated(watch, (await look()).number);
        setFeed(chain, DAI.feed, 95_000_000n);
        await look();
        const [fired] = await told("depeg", 1);
        assert.equal(fired.alert, "depeg devnet aave_v3/v36");
        assert.equal(fired.value, "0.05");
        assert.match(fired.about, /^DAI, by aave_v3\/v3[06]$/);
        world.cut = true;
        setFeed(chain, DAI.feed, DAI.price);
        await look();
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.equal(receiver.messages.filter(({ rule, kind }) => rule === "depeg" && kind === "resolve").length, 0);
        world.cut = false;
        await look();
        await look();
        const [, end] = await told("depeg", 2);
        assert.deepEqual([end.kind, end.value], ["resolve", distance(DAI.price, 10n ** 8n)]);
        await watch.stop();
    });
});
