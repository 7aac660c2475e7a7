// Liquidations at the edges of the rules, by name: each is simulated on the very block on which it is then really done.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { maxUint256 } from "viem";
import { ERC20, POOL } from "../lib/aave.mjs";
import { DEBT, HEALTH, accountDataAt, answerCall, firstWhere } from "../lib/answers.mjs";
import { enterCharacters, reserveOf } from "../lib/characters.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { compareLiquidation } from "../lib/liquidation_compare.mjs";
import { fundLiquidator, liquidateAave } from "../lib/liquidations.mjs";
import { audit, skip, writeConfig } from "../lib/margrave.mjs";
import { simulateAave } from "../lib/simulate.mjs";
import { own } from "../lib/tokens.mjs";
import { readMarket } from "../lib/truth.mjs";
import { makeWhales } from "../lib/whales.mjs";

const WAD = 10n ** 18n;
const CLOSE_FACTOR_HEALTH = (95n * WAD) / 100n;
const USD = 10n ** 8n;
const MOST = 10n ** 24n;
// At a billion dollars each, a unit of an answer moves health by less than a wei.
const HUGE = 10n ** 17n;

// What the two generations call the same refusal.
const REFUSALS = {
    healthy: { "3.0": "45", 3.6: "HealthFactorNotBelowThreshold" },
    "not collateral": { "3.0": "46", 3.6: "CollateralCannotBeLiquidated" },
    "not owed": { "3.0": "47", 3.6: "SpecifiedCurrencyNotBorrowedByUser" },
    paused: { "3.0": "29", 3.6: "ReservePaused" },
    sentinel: { "3.0": "59", 3.6: "PriceOracleSentinelCheckFailed" },
    grace: { 3.6: "LiquidationGraceSentinelCheckFailed" },
    dust: { 3.6: "MustNotLeaveDust" },
    nothing: { "3.0": "25", 3.6: "InvalidBurnAmount" },
    liquidity: { "3.0": "panic 17", 3.6: "panic 17" },
};

describe("a liquidation", { concurrency: false }, () => {
    let devnet, chain, config;
    const places = {};

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1 });
        ({ chain } = devnet);
        config = writeConfig(devnet.configToml());
        for (const market of devnet.markets) {
            const { liquidator, borrower } = makeWhales(market);
            await fundLiquidator(chain, Object.values(devnet.tokens), liquidator);
            places[market.name] = { market, liquidator, borrower, characters: enterCharacters(chain, market) };
        }
        await chain.mine({ seconds: 3600 });
        await chain.mine({ seconds: 86_400 });
    });
    after(() => devnet?.stop());

    for (const generation of ["3.0", "3.6"]) edges(generation);

    function edges(generation) {
        const stage = () => {
            const place = places[generation === "3.0" ? "v30" : "v36"];
            return new Stage(chain, place, config, generation);
        };
        const edge = (name, play) =>
            test(`in Aave ${generation}: ${name}`, () => chain.onSnapshot(() => play(stage())));

        for (const [name, target, outcome] of [
            ["health a wei above 1", WAD + 1n, "healthy"],
            ["health exactly 1", WAD, "healthy"],
            ["health a wei below 1", WAD - 1n, "done"],
            ["health a wei above 0.95 closes half", CLOSE_FACTOR_HEALTH + 1n, "done"],
            ["health exactly 0.95 closes all", CLOSE_FACTOR_HEALTH, "done"],
            ["health a wei below 0.95 closes all", CLOSE_FACTOR_HEALTH - 1n, "done"],
        ]) {
            edge(name, async (on) => {
                await on.answer("DAI", HUGE);
                await on.makeHealth("plain", "WETH", target, { exact: true });
                const { repaid, debtBefore } = await on.liquidate("plain", "WETH", "DAI", {}, outcome);
                if (outcome !== "done") return;
                const percent = Math.round(Number((repaid * 1000n) / debtBefore) / 10);
                assert.equal(percent, target > CLOSE_FACTOR_HEALTH ? 50 : 100);
            });
        }

        edge("one unit of the answer decides", async (on) => {
            const answer = await on.makeHealth("plain", "WETH", WAD);
            await on.liquidate("plain", "WETH", "DAI", {}, "healthy");
            await on.answer("WETH", answer - 1n);
            await on.liquidate("plain", "WETH", "DAI", {}, "done");
        });

        edge("nothing, one wei and more than is owed", async (on) => {
            await on.makeHealth("plain", "WETH", (97n * WAD) / 100n);
            await on.liquidate("plain", "WETH", "DAI", { amount: 0n }, "nothing");
            await on.liquidate("plain", "WETH", "DAI", { amount: 1n });
            await on.liquidate("plain", "WETH", "DAI", { amount: 10n ** 30n }, "done");
        });

        edge("what is not collateral, not owed or not there", async (on) => {
            await on.makeHealth("several", "WETH", (97n * WAD) / 100n);
            await on.liquidate("several", "USDC", "DAI", {}, "not collateral");
            await on.liquidate("several", "LINK", "DAI", {}, "not collateral");
            await on.liquidate("several", "WETH", "USDC", {}, "not owed");
            await on.liquidate("several", "WETH", "DAI", {}, "done");
            await on.liquidate("several", "WETH", "USDT", { receiveShares: true }, "done");
        });

        edge("collateral that is exhausted leaves bad debts", async (on) => {
            await on.makeHealth("several", "WETH", (60n * WAD) / 100n);
            const { deficits } = await on.liquidate("several", "WETH", "DAI", {}, "done");
            assert.deepEqual(Object.keys(deficits).sort(), generation === "3.6" ? ["DAI", "USDT"] : []);
            await on.liquidate("several", "WETH", "DAI", { receiveShares: true }, "done");
            await on.liquidate("several", "WETH", "USDT", { amount: 100_000_000n });
        });

        edge("the same asset on both sides", async (on) => {
            await on.answer("USDT", 3n * USD);
            for (const receiveShares of [false, true]) {
                await on.liquidate("sameAsset", "WETH", "WETH", { receiveShares }, "done");
                await on.liquidate("sameAsset", "WETH", "WETH", { receiveShares, amount: WAD }, "done");
                await on.liquidate("sameAsset", "DAI", "WETH", { receiveShares }, "done");
            }
        });

        edge("in an e-mode the category's bonus counts, for what belongs to it", async (on) => {
            // In 3.0 the category's own price stands on both sides: only what is outside of it can fall.
            if (generation === "3.0") await on.answer("LINK", 100_000n);
            else await on.makeHealth("looped", "wstETH", (97n * WAD) / 100n);
            await on.liquidate("looped", "wstETH", "WETH", {}, "done");
            await on.liquidate("looped", "wstETH", "WETH", { amount: WAD, receiveShares: true }, "done");
            await on.liquidate("looped", "LINK", "WETH", {});
            if (generation === "3.0") await on.answerOf(on.market.emodes[0], 1_234_56789012n);
            await on.liquidate("looped", "wstETH", "WETH", {}, "done");
        });

        edge("paused and frozen reserves", async (on) => {
            await on.makeHealth("plain", "WETH", (90n * WAD) / 100n);
            for (const symbol of ["WETH", "DAI"]) {
                await chain.onSnapshot(async () => {
                    await on.configure("setReservePause", symbol, true);
                    await on.liquidate("plain", "WETH", "DAI", {}, "paused");
                });
                await on.configure("setReserveFreeze", symbol, true);
                await on.liquidate("plain", "WETH", "DAI", {}, "done");
            }
        });

        edge("the sentinel protects the healthier while the sequencer is down", async (on) => {
            const now = BigInt(chain.time);
            for (const [down, since, outcome] of [
                [true, now - 10n, "sentinel"],
                [false, now - 3600n, "sentinel"],
                [false, now - 3601n, "done"],
            ]) {
                await on.sequencer(down, since);
                await on.makeHealth("plain", "WETH", (97n * WAD) / 100n);
                await on.liquidate("plain", "WETH", "DAI", {}, outcome);
            }
            await on.sequencer(true, now - 10n);
            await on.answer("DAI", HUGE);
            await on.makeHealth("plain", "WETH", CLOSE_FACTOR_HEALTH, { exact: true });
            await on.liquidate("plain", "WETH", "DAI", {}, "sentinel");
            await on.makeHealth("plain", "WETH", CLOSE_FACTOR_HEALTH - 1n, { exact: true });
            await on.liquidate("plain", "WETH", "DAI", {}, "done");
        });

        edge("liquidity has to be there for what is seized, unless shares are received", async (on) => {
            await on.makeHealth("plain", "WETH", (90n * WAD) / 100n);
            const { seized } = await on.liquidate("plain", "WETH", "DAI", {}, "done");
            for (const [left, outcome] of [
                [seized, "done"],
                [seized - 1n, "liquidity"],
                [0n, "liquidity"],
            ]) {
                await chain.onSnapshot(async () => {
                    await on.drain("WETH", left);
                    await on.expectBlocked("plain", left === 0n ? ["no_liquidity"] : []);
                    await on.liquidate("plain", "WETH", "DAI", {}, outcome);
                    await on.liquidate("plain", "WETH", "DAI", { receiveShares: true }, "done");
                });
            }
        });

        edge("debt at the threshold of a full close", async (on) => {
            const answer = await on.firstAnswer("small", "DAI", DEBT, 2000n * USD);
            for (const price of [answer, answer - 1n]) {
                await on.answer("DAI", price);
                await on.makeHealth("small", "WETH", (98n * WAD) / 100n);
                await on.liquidate("small", "WETH", "DAI", {}, "done");
                await on.liquidate("small", "WETH", "DAI", { receiveShares: true }, "done");
            }
        });

        edge("collateral at the threshold of a full close", async (on) => {
            const { balances } = await on.account("mixed");
            const { supplied } = balances.find(({ symbol }) => symbol === "WETH");
            // floor(supplied × answer / 1e18) ≥ 2000 dollars
            const answer = (2000n * USD * WAD + supplied - 1n) / supplied;
            for (const price of [answer, answer - 1n]) {
                await on.answer("WETH", price);
                await on.makeHealth("mixed", "LINK", (98n * WAD) / 100n);
                await on.liquidate("mixed", "WETH", "DAI", {});
                await on.liquidate("mixed", "WETH", "DAI", { receiveShares: true });
                await on.liquidate("mixed", "LINK", "DAI", {});
            }
        });

        for (const [who, symbol] of [
            ["small", "WETH"],
            ["mixed", "WETH"],
            ["mixed", "LINK"],
        ]) {
            edge(`the largest part of ${who}'s ${symbol} that leaves no dust, and one wei more`, async (on) => {
                await on.answer("DAI", 2n * USD);
                await on.makeHealth(who, symbol === "LINK" ? "WETH" : "LINK", (93n * WAD) / 100n, { fallback: symbol });
                const owed = (await on.account(who)).balances.find(({ symbol }) => symbol === "DAI").variable;
                const fails = (amount) => on.wouldFail(who, symbol, "DAI", amount);
                const first = await firstWhere(WAD, owed, (amounts) => Promise.all(amounts.map(fails)));
                if (generation === "3.0") return assert.equal(first, null, "there is no such rule");
                // All of it may be taken again, so what fails lies between.
                const some = first ?? (await firstFailure(WAD, owed, fails));
                for (const amount of [some - 2n, some - 1n, some, some + 1n]) {
                    await on.liquidate(who, symbol, "DAI", { amount });
                }
                await on.liquidate(who, symbol, "DAI", { amount: some - 1n }, "done");
                await on.liquidate(who, symbol, "DAI", { amount: some }, "dust");
            });
        }

        if (generation === "3.6") {
            edge("the grace period after a pause ends with its last second", async (on) => {
                await on.makeHealth("plain", "WETH", (80n * WAD) / 100n);
                for (const symbol of ["WETH", "DAI"]) {
                    await on.configure("setReservePause", symbol, false, 600);
                    await on.liquidate("plain", "WETH", "DAI", {}, "grace");
                    await chain.mine({ seconds: 600 });
                    await on.liquidate("plain", "WETH", "DAI", {}, "grace");
                    await chain.mine({ seconds: 1 });
                    await on.liquidate("plain", "WETH", "DAI", {}, "done");
                }
            });
        }
    }
});

/// Where an amount first fails after those that succeed, when the largest succeed again.
async function firstFailure(low, high, fails) {
    const count = 200n;
    for (let i = 1n; i <= count; i++) {
        const amount = low + ((high - low) * i) / count;
        if (await fails(amount)) return firstWhere(low, amount, (amounts) => Promise.all(amounts.map(fails)));
    }
    throw new Error("no amount fails");
}

/// One market with its characters, at the head of the chain.
class Stage {
    constructor(chain, { market, liquidator, borrower, characters }, config, generation) {
        Object.assign(this, { chain, market, liquidator, borrower, characters, config, generation });
    }

    async answer(symbol, answer) {
        await this.answerOf(reserveOf(this.market, symbol), answer);
    }

    async answerOf(source, answer) {
        this.chain.send(answerCall(this.market, source, answer));
        await this.chain.mine({ seconds: 0 });
    }

    /// The smallest answer of an asset at which a figure of the account data, which rises with it, is `target` or more.
    async firstAnswer(who, symbol, figure, target) {
        const reserve = reserveOf(this.market, symbol);
        const user = this.characters[who];
        const holdAll = async (answers) =>
            (await accountDataAt(this.chain, this.market, user, reserve, figure, answers)).map(
                (value) => value >= target,
            );
        const answer = await firstWhere(0n, MOST, holdAll);
        assert.notEqual(answer, null, `${symbol} decides nothing for ${who}`);
        return answer;
    }

    /// Sets the smallest answer of a collateral at which health is at least `target`; of `fallback`, should no answer
    /// of the first do.
    async makeHealth(who, symbol, target, { exact = false, fallback } = {}) {
        const posts = (await this.account(who)).balances.some((row) => row.symbol === symbol && row.usable);
        const reached = posts ? symbol : fallback;
        const answer = await this.firstAnswer(who, reached, HEALTH, target);
        await this.answer(reached, answer);
        if (exact) assert.equal((await this.account(who)).healthFactor, target);
        return answer;
    }

    async account(who) {
        return (await readMarket(this.chain, this.market, [this.characters[who]], "latest"))[0];
    }

    async configure(functionName, symbol, ...args) {
        this.market.configure(functionName, reserveOf(this.market, symbol).asset, ...args);
        await this.chain.mine({ seconds: 0 });
    }

    async sequencer(down, since) {
        const { abi } = own("SequencerFeed");
        this.chain.send({ to: this.market.sequencer, abi, functionName: "set", args: [down, since] });
        await this.chain.mine({ seconds: 0 });
    }

    /// Lets the market's whale borrow all of an asset but `left`.
    async drain(symbol, left) {
        const { asset, aToken } = reserveOf(this.market, symbol);
        const read = { to: asset, abi: ERC20, functionName: "balanceOf", args: [aToken] };
        const amount = (await this.chain.read(read)) - left;
        const args = [asset, amount, 2n, 0, this.borrower];
        this.chain.send({ from: this.borrower, to: this.market.pool, abi: POOL, functionName: "borrow", args });
        await this.chain.mine({ seconds: 0 });
    }

    /// What the audit says would stop a liquidation now.
    async expectBlocked(who, names) {
        if (skip) return;
        const report = await audit(this.config, [this.characters[who]], { block: "latest" });
        const here = report.accounts.find(({ market }) => market === this.market.name);
        assert.deepEqual(here.blocked_by, names);
    }

    async wouldFail(who, collateral, debt, amount) {
        const [from, user] = [this.liquidator, this.characters[who]];
        const args = [
            reserveOf(this.market, collateral).asset,
            reserveOf(this.market, debt).asset,
            user,
            amount,
            false,
        ];
        return this.chain.wouldFail({ from, to: this.market.pool, abi: POOL, functionName: "liquidationCall", args });
    }

    /// Simulates and then does it; `outcome` is "done" or one of REFUSALS, if only one of them can be.
    async liquidate(who, collateral, debt, { amount = maxUint256, receiveShares = false }, outcome) {
        const [seizable, owed] = [collateral, debt].map((symbol) => reserveOf(this.market, symbol));
        const call = {
            user: this.characters[who],
            liquidator: this.liquidator,
            collateral: seizable,
            debt: owed,
            amount,
            receiveShares,
        };
        const head = BigInt(await this.chain.rpc("eth_blockNumber"));
        const before = (await this.account(who)).balances.find(({ symbol }) => symbol === debt);
        const report = skip ? null : await simulateAave(this.config, ["--block", head], this.market, call);
        const truth = await liquidateAave({ chain: this.chain }, this.market, call);
        const [name, expected] = [truth.success ? "done" : truth.error, REFUSALS[outcome]?.[this.generation]];
        if (outcome) assert.equal(name, outcome === "done" ? "done" : expected);
        const facts = { debt: owed, receiveShares, same: seizable === owed };
        if (report)
            assert.deepEqual(compareLiquidation(report, truth, facts), [], `${name}: ${JSON.stringify(report)}`);
        return { ...truth, debtBefore: before ? before.variable + before.stable : 0n };
    }
}
