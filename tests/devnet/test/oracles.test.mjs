// What prices are made of, their caps, clamps and ages, equal what the contracts answer.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { getAddress } from "viem";
import { ORACLE, POOL } from "../lib/aave.mjs";
import { mintMany, own, setFeed } from "../lib/tokens.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { MORPHO } from "../lib/morpho.mjs";
import { createMarkets, deploySources, entryOf, useSources } from "../lib/price_sources.mjs";
import { addressOf } from "../lib/random.mjs";
import { assertValid } from "../lib/schemas.mjs";

const WAD = 10n ** 18n;
const DAY = 86_400;
const VARIABLE = 2n;
const named = (name) => addressOf("margrave devnet", "oracles", name);
/// `holder` has some of everything; the others owe or hold a token whose ratio is capped.
const wallets = { holder: named("holder"), near: named("near"), saved: named("saved"), long: named("long") };

// What the shipped configuration says of them is another composition.
const FACTORS = [
    ["MKR", ["ETH/USD", "MKR/ETH"]],
    ["cbBTC", ["cbBTC/ETH", "USD/ETH"]],
].map(([symbol, factors]) =>
    ["[[factors]]", `symbol = "${symbol}"`, 'protocol = "aave_v3"', `factors = ${JSON.stringify(factors)}`].join("\n"),
);

describe("price sources", { skip }, () => {
    let devnet, chain, tokens, market, feeds, plain, rates, aave, chained;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1, morpho: true });
        ({ chain, tokens } = devnet);
        market = devnet.markets.at(-1);
        ({ feeds, plain, rates, aave, chained } = await prepare());
        await enter();
    });
    after(() => devnet?.stop());

    async function prepare() {
        const sources = await deploySources(devnet);
        // Caps at 5 % over the ratio after 30 days of growth.
        for (const { symbol, contract } of sources.aave.filter(({ kind }) => kind === "capped_ratio")) {
            const rate = await sources.rates[symbol].read("rate");
            const snapshot = (rate * 1_05n * 365n) / (100n * 365n + (100n * 968n * 30n) / 10_000n);
            contract.send("setCapParameters", snapshot, chain.time - 30 * DAY, 968n);
        }
        useSources(chain, market, tokens, sources.aave);
        createMarkets(chain, devnet.blue, tokens, sources.chained);
        mintMany(chain, tokens.WETH, [sources.vault.address], [1_234_567_890_123_456_789n]);
        sources.vault.send("give", named("vault"), WAD);
        await chain.mine();
        return sources;
    }

    const pool = (from, functionName, ...args) =>
        chain.send({ from, to: market.pool, abi: POOL, functionName, args });
    const supply = (who, symbol, amount) => {
        mintMany(chain, tokens[symbol], [who], [amount]);
        pool(who, "supply", tokens[symbol].address, amount, who, 0);
    };
    const borrow = (who, symbol, amount) => pool(who, "borrow", tokens[symbol].address, amount, VARIABLE, 0, who);

    async function enter() {
        for (const { symbol } of aave.filter(({ symbol }) => !["GHO", "LUSD", "PT"].includes(symbol))) {
            supply(wallets.holder, symbol, 3n * 10n ** BigInt(tokens[symbol].decimals) + 1n);
        }
        borrow(wallets.holder, "LUSD", 1_000n * WAD);
        for (const [who, health] of [["near", 1_035n], ["saved", 1_090n]]) {
            supply(wallets[who], "WETH", 10n * WAD);
            // 10 WETH at a threshold of 82.5 % against wstETH at its ratio.
            const debt = (10n * WAD * 825n * WAD) / (health * (await rates.wstETH.read("rate")));
            borrow(wallets[who], "wstETH", debt);
        }
        supply(wallets.long, "wstETH", 10n * WAD);
        borrow(wallets.long, "LUSD", 20_000n * WAD);
        await chain.mine();
        for (const { params, collateral, loan } of chained) {
            const call = (functionName, ...args) =>
                chain.send({ from: wallets.holder, to: devnet.blue.morpho, abi: MORPHO, functionName, args });
            const unit = (symbol) => 10n ** BigInt(tokens[symbol].decimals);
            mintMany(chain, tokens[loan], [wallets.holder], [2_000n * unit(loan)]);
            mintMany(chain, tokens[collateral], [wallets.holder], [2n * unit(collateral)]);
            call("supply", params, 2_000n * unit(loan), 0n, wallets.holder, "0x");
            call("supplyCollateral", params, 2n * unit(collateral), wallets.holder, "0x");
            call("borrow", params, 7n * unit(loan), 0n, wallets.holder, wallets.holder);
        }
        await chain.mine();
    }

    const written = new Map();
    const config = ({ feed = [], sequencer } = {}) => {
        const base = devnet.configToml({ market_ids: chained.map(({ id }) => id) });
        const chainId = "chain_id = 31337";
        const l2 = sequencer
            ? `${chainId}\nsequencer_uptime_feed = "${getAddress(sequencer)}"\nsequencer_grace_s = 3600`
            : chainId;
        const rows = feed.map(({ address, ...rule }) =>
            ["[[feeds]]", 'chain = "devnet"', `address = "${getAddress(address)}"`]
                .concat(Object.entries(rule).map(([key, value]) => `${key} = ${value}`))
                .join("\n"),
        );
        const toml = [base.replace(chainId, l2), ...FACTORS, ...rows, ""].join("\n");
        if (!written.has(toml)) written.set(toml, writeConfig(toml));
        return written.get(toml);
    };
    const report = (options) => audit(config(options), Object.values(wallets));
    const bound = (entry, what, { address } = { address: entry.source }) =>
        entry.bounds.find((one) => one.what === what && one.source === getAddress(address));
    const account = ({ accounts }, who) =>
        accounts.find(({ wallet, market: of }) => wallet === getAddress(wallets[who]) && of === market.name);
    const hasWarning = ({ warnings }, words) => warnings.some((warning) => warning.includes(words));
    const sourceOf = (symbol) => aave.find((source) => source.symbol === symbol);
    const health = async (who) => {
        const args = [wallets[who]];
        return (await chain.read({ to: market.pool, abi: POOL, functionName: "getUserAccountData", args }))[5];
    };
    /// What `ask` resolves to after the queued changes, at the very time of the last block; then all is undone.
    const after0 = (change, ask) =>
        chain.onSnapshot(async () => {
            change();
            await chain.mine({ seconds: 0 });
            return ask();
        });

    test("each source is of its kind and answers what its contract answers", async () => {
        const found = await report();
        assertValid("report.schema.json", found);
        const [block] = found.chains.map((one) => BigInt(one.block.number));
        for (const { symbol, kind, contract, parts } of aave) {
            const entry = entryOf(found, contract);
            assert.equal(entry?.kind, kind, symbol);
            assert.equal(entry.confirmed, true, symbol);
            assert.equal(entry.answer_raw, String(await contract.read("latestAnswer", [], block)), symbol);
            const { address } = tokens[symbol];
            const price = { to: market.oracle, abi: ORACLE, functionName: "getAssetPrice", args: [address], block };
            assert.equal(entry.answer_raw, String(await chain.read(price)), symbol);
            const uses = entry.used_for.filter((use) => use.market === market.name).map((use) => use.symbol);
            assert.deepEqual(uses, [symbol]);
            assert.deepEqual(
                Object.fromEntries(entry.parts.map(({ role, source }) => [role, source])),
                Object.fromEntries(Object.entries(parts).map(([role, part]) => [role, getAddress(part.address)])),
            );
        }
        for (const { contract, parts, collateral, loan } of chained) {
            const entry = entryOf(found, contract);
            assert.equal(entry?.kind, "morpho_chain");
            assert.equal(entry.confirmed, true, `${collateral} for ${loan}`);
            assert.equal(entry.answer_raw, String(await contract.read("price", [], block)));
            assert.equal(entry.parameters.scale_factor, String(await contract.read("SCALE_FACTOR")));
            assert.deepEqual(
                entry.parts.map(({ role, source }) => [role, source]),
                Object.entries(parts).map(([role, part]) => [role, getAddress(part.address)]),
            );
        }
    });

    test("constants and bounds are what the contracts' own functions say", async () => {
        const found = await report();
        const getters = {
            capped_ratio: {
                ratio_decimals: "RATIO_DECIMALS",
                snapshot_ratio: "getSnapshotRatio",
                snapshot_timestamp: "getSnapshotTimestamp",
                max_yearly_growth_bps: "getMaxYearlyGrowthRatePercent",
            },
            capped_price: { cap: "getPriceCap" },
            capped_by_price: { cap_ratio: "getPriceCapRatio", ratio_decimals: "RATIO_DECIMALS" },
            product: { decimals: "DECIMALS" },
            quotient: { decimals: "DECIMALS" },
            discount: { maturity: "MATURITY", rate_per_year: "discountRatePerYear" },
        };
        for (const { symbol, kind, contract } of aave) {
            for (const [parameter, getter] of Object.entries(getters[kind] ?? {})) {
                const said = String(await contract.read(getter));
                assert.equal(entryOf(found, contract).parameters[parameter], said, `${symbol} ${parameter}`);
            }
        }
        const growth = (symbol) => entryOf(found, sourceOf(symbol).contract).parameters;
        const read = (symbol, getter) => sourceOf(symbol).contract.read(getter).then(String);
        assert.equal(growth("wstETH").max_growth_per_second, await read("wstETH", "getMaxRatioGrowthPerSecondScaled"));
        assert.equal(growth("wstETH").growth_scale, "1000000");
        assert.equal(growth("weETH").max_growth_per_second, await read("weETH", "getMaxRatioGrowthPerSecond"));
        assert.equal(growth("weETH").growth_scale, "1");
        for (const feed of Object.values(feeds)) {
            for (const [what, getter] of [["min_answer", "minAnswer"], ["max_answer", "maxAnswer"]]) {
                const limit = String(await feed.aggregator.read(getter));
                assert.equal(bound(entryOf(found, feed), what).limit_raw, limit);
            }
        }
    });

    test("the cap of a ratio is the contract's own at every second", async () => {
        for (const seconds of [0, 1, 1, 59, DAY]) {
            if (seconds) await chain.mine({ seconds });
            const found = await report();
            for (const symbol of ["wstETH", "weETH"]) {
                const { contract } = sourceOf(symbol);
                const cap = BigInt(bound(entryOf(found, contract), "ratio_cap").limit_raw);
                const isCapped = (rate) =>
                    after0(() => rates[symbol].send("set", rate), () => contract.read("isCapped"));
                assert.equal(await isCapped(cap), false, `${symbol} after ${seconds} s`);
                assert.equal(await isCapped(cap + 1n), true, `${symbol} after ${seconds} s`);
            }
        }
    });

    test("a ratio over its cap is told, and when the cap will have reached it", async () => {
        await chain.onSnapshot(async () => {
            for (const rate of Object.values(rates)) rate.send("set", ((await rate.read("rate")) * 107n) / 100n);
            await chain.mine();
            const found = await report();
            for (const symbol of ["wstETH", "weETH"]) {
                const { contract } = sourceOf(symbol);
                const entry = entryOf(found, contract);
                assert.equal(entry.answer_raw, String(await contract.read("latestAnswer")));
                assert.equal(entry.confirmed, true);
                const cap = bound(entry, "ratio_cap");
                assert.equal(cap.binds, true);
                assert.ok(cap.room.startsWith("-"));
                assert.ok(hasWarning(entry, "the ratio is over the cap of"));
                assert.ok(hasWarning(account(found, "holder"), `the ratio is over the cap of ${entry.source}`));
                const at = async (time) =>
                    chain.onSnapshot(async () => {
                        await chain.mine({ seconds: Number(time) - chain.time });
                        return contract.read("isCapped");
                    });
                assert.equal(await at(BigInt(cap.released_at) - 1n), true, symbol);
                assert.equal(await at(cap.released_at), false, symbol);
            }
            assert.ok(hasWarning(account(found, "long"), "the ratio is over the cap of"));
        });
    });

    test("a price over its cap is told, and one at it is not", async () => {
        for (const [symbol, feed] of [["USDC", feeds.usdc], ["DAI", feeds.dai]]) {
            const { contract } = sourceOf(symbol);
            const atPrice = (answer, ask) =>
                after0(
                    () => feed.aggregator.send("transmit", answer),
                    async () => ask(await report(), await contract.read("latestAnswer")),
                );
            const cap = BigInt(bound(entryOf(await report(), contract), "price_cap").limit_raw);
            for (const over of [0n, 1n, 10n ** 8n]) {
                await atPrice(cap + over, (found, answer) => {
                    const entry = entryOf(found, contract);
                    assert.equal(answer, cap, symbol);
                    assert.equal(entry.answer_raw, String(answer));
                    assert.equal(entry.confirmed, true);
                    assert.equal(bound(entry, "price_cap").binds, over > 0n);
                    const words = `the market price is over the cap of ${entry.source}`;
                    assert.equal(hasWarning(account(found, "holder"), words), over > 0n);
                });
            }
            await atPrice(cap - 1n, (_, answer) => assert.equal(answer, cap - 1n));
        }
    });

    test("a limit by the ratio is the last that the contracts survive, and none lies beyond the cap", async () => {
        const rate = await rates.wstETH.read("rate");
        const limit = (found, who) =>
            account(found, who).liquidation_factors.find(({ factor }) => factor === "wstETH/stETH");
        const healthAt = (who, multiplier) =>
            after0(() => rates.wstETH.send("set", (rate * multiplier) / WAD), () => health(who));

        const found = await report();
        const distance = wadOf(limit(found, "near").distance);
        assert.ok(distance > 0n && distance < WAD / 20n);
        assert.ok((await healthAt("near", WAD + distance)) >= WAD);
        assert.ok((await healthAt("near", WAD + distance + 1n)) < WAD);

        assert.equal(limit(found, "saved"), undefined);
        assert.ok((await healthAt("saved", 1000n * WAD)) >= WAD);
        // With a cap that is further away it has one.
        await chain.onSnapshot(async () => {
            const { contract } = sourceOf("wstETH");
            contract.send("setCapParameters", 2n * rate, chain.time - DAY, 968n);
            await chain.mine({ seconds: 0 });
            const beyond = wadOf(limit(await report(), "saved").distance);
            assert.ok(beyond > WAD / 20n);
            assert.ok((await healthAt("saved", WAD + beyond)) >= WAD);
            assert.ok((await healthAt("saved", WAD + beyond + 1n)) < WAD);
        });
    });

    test("a ratio that is over its cap must first fall to it", async () => {
        await chain.onSnapshot(async () => {
            const rate = ((await rates.wstETH.read("rate")) * 107n) / 100n;
            rates.wstETH.send("set", rate);
            await chain.mine();
            const [row] = account(await report(), "long").liquidation_factors.filter(
                ({ factor }) => factor === "wstETH/stETH",
            );
            const multiplier = WAD + wadOf(row.distance);
            const healthAt = (m) => after0(() => rates.wstETH.send("set", (rate * m) / WAD), () => health("long"));
            assert.ok((await healthAt(multiplier)) >= WAD);
            assert.ok((await healthAt(multiplier - 1n)) < WAD);
        });
    });

    const whatif = async (steps) => {
        const args = ["whatif", ...Object.values(wallets), ...steps, "--config", config(), "--json"];
        const { code, json, stderr } = await margrave(args);
        assert.equal(code, 0, stderr);
        return json;
    };
    /// Every answer that moved, and every health behind it, is what the contracts say once `change` has happened. In
    /// the named markets: others may follow the same factor by feeds of their own, which nobody changes.
    async function assertHappens(step, change, places = [market.name]) {
        const { steps, accounts } = await whatif(step.split(", "));
        const effects = steps.flatMap((one) => one.effects).filter(({ market: name }) => places.includes(name));
        // Of several moves of one answer the last.
        const moved = [...new Map(effects.map((one) => [`${one.market} ${one.symbol}`, one])).values()];
        assert.ok(moved.length, step);
        await chain.onSnapshot(async () => {
            await change();
            await chain.mine({ seconds: 0 });
            for (const { symbol, market: name, to_raw } of moved) {
                const own = chained.find(({ id }) => id === name);
                const price = own ? own.contract.read("price") : sourceOf(symbol).contract.read("latestAnswer");
                assert.equal(to_raw, String(await price), `${step}: ${symbol}`);
            }
            for (const who of Object.keys(wallets)) {
                const [{ after: later }] = accounts.filter(
                    (one) => one.wallet === getAddress(wallets[who]) && one.market === market.name,
                );
                assert.equal(later.health_factor_raw, String(await health(who)), `${step}: ${who}`);
            }
        });
        return moved.map(({ symbol }) => symbol).sort();
    }
    const transmit = async (feed, numerator, denominator = 100n) =>
        feed.aggregator.send("transmit", ((await feed.read("latestAnswer")) * numerator) / denominator);
    const grow = async (rate, numerator) => rate.send("set", ((await rate.read("rate")) * numerator) / 100n);

    test("a what-if gives the very answers that the contracts give once it has happened", async () => {
        assert.deepEqual(await assertHappens("wstETH/stETH=+20%", () => grow(rates.wstETH, 120n)), ["wstETH"]);
        await assertHappens("wstETH/stETH=+3%", () => grow(rates.wstETH, 103n));
        await assertHappens("wstETH/stETH=-11%", () => grow(rates.wstETH, 89n));
        await assertHappens("weETH/eETH=+20%", () => grow(rates.weETH, 120n));
        await assertHappens("weETH/eETH=+3%", () => grow(rates.weETH, 103n));
        const everywhere = [market.name, ...chained.map(({ id }) => id)];
        await assertHappens("USDC/USD=+9%", () => transmit(feeds.usdc, 109n), everywhere);
        await assertHappens("USDC/USD=-9%", () => transmit(feeds.usdc, 91n), everywhere);
        await assertHappens("DAI/USD=+30%", () => transmit(feeds.dai, 130n));
        await assertHappens("BTC/USD=-17%", () => transmit(feeds.btc, 83n), everywhere);
        await assertHappens("WBTC/BTC=-7%", () => setFeed(chain, plain.wbtc.address, (99870131n * 93n) / 100n));
        // Without any limit it is still rounded as the contract rounds.
        await assertHappens("MKR/ETH=+199%", () => setFeed(chain, plain.mkrEth.address, (56340077n * 299n) / 100n));
        await assertHappens("cbBTC/ETH=-9%", () => transmit(feeds.cbbtcEth, 91n));
        await assertHappens("USD/ETH=+9%", () => transmit(feeds.usdEth, 109n));
        const fall = async () => {
            await transmit(feeds.eth, 80n);
            setFeed(chain, plain.plainEth.address, (2253_07167189n * 80n) / 100n);
        };
        const followers = await assertHappens("ETH=-20%", fall, everywhere);
        for (const symbol of ["WETH", "wstETH", "weETH"]) assert.ok(followers.includes(symbol), symbol);
        const fallAndGrow = async () => {
            await fall();
            await grow(rates.wstETH, 120n);
        };
        await assertHappens("ETH=-20%, wstETH/stETH=+20%", fallAndGrow);
        await assertHappens("wstETH/stETH=+20%, ETH=-20%", fallAndGrow);
        await assertHappens("wstETH/stETH=+20%, wstETH/stETH=-15%", () => grow(rates.wstETH, 102n));
        // No aggregator answers less than its bound.
        await assertHappens("LINK/USD=-90%", () => feeds.link.aggregator.send("transmit", 10_00000000n));
    });

    test("an answer that is older than its heartbeat is stale, and so is what is made of it", async () => {
        await chain.onSnapshot(async () => {
            feeds.eth.aggregator.send("transmit", 2200_00000000n);
            const { timestamp } = await chain.mine();
            const rule = { feed: [{ address: feeds.eth.address, heartbeat_s: 3600, deviation_bps: 50 }] };
            for (const [seconds, stale] of [[4200, false], [1, true]]) {
                await chain.mine({ seconds });
                const found = await report(rule);
                const entry = entryOf(found, feeds.eth);
                assert.equal(entry.updated_at, String(timestamp));
                assert.equal(entry.age_s, chain.time - timestamp);
                assert.equal(entry.stale, stale);
                assert.equal(entry.next_answer.by, String(timestamp + 3600));
                assert.equal(entry.next_answer.at_or_below_raw, "218900000000");
                assert.equal(entry.next_answer.at_or_above_raw, "221100000000");
                for (const symbol of ["wstETH", "weETH"]) {
                    assert.equal(entryOf(found, sourceOf(symbol).contract).stale, stale, symbol);
                }
                assert.equal(entryOf(found, feeds.link).stale, null);
                assert.equal(hasWarning(account(found, "long"), "its heartbeat is"), stale);
                assert.equal(account(found, "long").health_factor_raw, String(await health("long")));
            }
        });
    });

    test("an answer at its aggregator's bound is told; beyond it the last one stays and ages", async () => {
        const { link } = feeds;
        await chain.onSnapshot(async () => {
            const rule = { feed: [{ address: link.address, heartbeat_s: 3600, deviation_bps: 100 }] };
            for (const [answer, what] of [[10_00000000n, "min_answer"], [40_00000000n, "max_answer"]]) {
                link.aggregator.send("transmit", answer);
                await chain.mine();
                const entry = entryOf(await report(rule), link);
                assert.equal(entry.answer_raw, String(answer));
                assert.equal(bound(entry, what).binds, true);
                assert.equal(entry.bounds.filter(({ binds }) => binds).length, 1);
                assert.equal(bound(entry, what).room, "0");
            }
            link.aggregator.send("transmit", 40_00000001n);
            await assert.rejects(chain.mine({ seconds: 4201 }), /beyond the bounds/);
            const late = account(await report(rule), "holder");
            assert.ok(hasWarning(late, "its heartbeat is"));
            assert.ok(hasWarning(late, "answers its aggregator's highest 4000000000"));
            // One deviation away from the bound it is told already.
            for (const [answer, near] of [[39_60396039n, true], [39_60396038n, false]]) {
                link.aggregator.send("transmit", answer);
                await chain.mine();
                const found = account(await report(rule), "holder");
                assert.equal(hasWarning(found, "is close to its aggregator's highest"), near, String(answer));
            }
        });
    });

    test("a proxy's new aggregator brings its own bounds", async () => {
        await chain.onSnapshot(async () => {
            feeds.link.send("follow", feeds.eth.aggregator.address);
            await chain.mine();
            const found = await report();
            const entry = entryOf(found, feeds.link);
            assert.equal(entry.answer_raw, String(await feeds.link.read("latestAnswer")));
            assert.equal(bound(entry, "min_answer").limit_raw, "1");
            // It calls itself ETH / USD now, which is none of the factors of LINK.
            assert.ok(hasWarning(account(found, "holder"), "none of its configured factors"));
        });
    });

    test("a sequencer that is down, up again lately, or unheard of is told to every account", async () => {
        const { abi } = own("SequencerFeed");
        const since = chain.time;
        const sequencer = chain.deploy(own("SequencerFeed"), [BigInt(since)]);
        const set = (...args) => chain.send({ to: sequencer, abi, functionName: "set", args });
        const state = async (expected, words) => {
            const found = await report({ sequencer });
            const [book] = found.oracles;
            assert.equal(book.sequencer.state, expected);
            for (const one of found.accounts) assert.equal(hasWarning(one, "sequencer"), words !== null);
            if (words) assert.ok(hasWarning(account(found, "long"), words));
        };
        await chain.mine({ seconds: 3600 });
        await state("grace", "within its grace period");
        await chain.mine({ seconds: 1 });
        await state("up", null);
        set(true, BigInt(chain.time));
        await chain.mine();
        await state("down", "is down since");
        set(false, 0n);
        await chain.mine();
        await state("invalid", "has no valid round");
    });
});

/// A decimal string with up to 18 digits after the point, in 1e18.
function wadOf(text) {
    const [whole, part = ""] = text.replace("-", "").split(".");
    const value = BigInt(whole) * WAD + BigInt(part.padEnd(18, "0"));
    return text.startsWith("-") ? -value : value;
}
