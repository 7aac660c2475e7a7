// Liquidations of Morpho Blue at the edges of its rules, by name, with a month of interest that nobody has charged yet.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { firstWhere } from "../lib/answers.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { compareLiquidation } from "../lib/liquidation_compare.mjs";
import { fundLiquidator, liquidateMorpho } from "../lib/liquidations.mjs";
import { skip, writeConfig } from "../lib/margrave.mjs";
import { MORPHO, fairPrice, setOracle } from "../lib/morpho.mjs";
import { contractFindsHealthy, morphoSizes, readMorphoMarket } from "../lib/morpho_truth.mjs";
import { makeMorphoWhales } from "../lib/morpho_wallets.mjs";
import { addressOf } from "../lib/random.mjs";
import { simulateMorpho } from "../lib/simulate.mjs";
import { mintMany, own } from "../lib/tokens.mjs";

const MONTH = 30 * 86_400;
const { liquidator, lender } = makeMorphoWhales();

describe("a liquidation of Morpho Blue", { concurrency: false }, () => {
    let devnet, chain, config;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1, aave: false, morpho: true });
        ({ chain } = devnet);
        config = writeConfig(devnet.configToml());
        await fundLiquidator(chain, Object.values(devnet.tokens), liquidator);
        for (const label of ["WETH for USDC", "WHOLE for GUSD", "weETH for WETH"]) open(marketOf(label));
        await chain.mine();
        await chain.mine({ seconds: MONTH });
    });
    after(() => devnet?.stop());

    const marketOf = (label) => devnet.blue.markets.find((market) => market.label === label);
    const ownerOf = ({ label }) => addressOf("margrave edge", label);

    // Ten tokens of collateral, and half of what they allow borrowed.
    function open(market) {
        const user = ownerOf(market);
        const collateral = 10n * 10n ** BigInt(market.collateral.decimals);
        const price = fairPrice(market.loan, market.collateral);
        const debt = (((collateral * price) / 10n ** 36n) * market.lltv) / (2n * 10n ** 18n);
        mintMany(chain, market.collateral, [user], [collateral]);
        const call = (functionName, ...args) =>
            chain.send({ from: user, to: devnet.blue.morpho, abi: MORPHO, functionName, args });
        setOracle(chain, market, price);
        call("supplyCollateral", market.params, collateral, user, "0x");
        call("borrow", market.params, debt, 0n, user, user);
    }

    const account = async (market) =>
        (await readMorphoMarket(chain, devnet.blue, market, [ownerOf(market)], "latest"))[0];

    async function setPrice(market, price) {
        setOracle(chain, market, price);
        await chain.mine({ seconds: 0 });
    }

    // The contract decides which price is the smallest that keeps the account healthy.
    function smallestHealthyPrice(market) {
        const holder = { market, wallet: ownerOf(market) };
        return firstWhere(0n, 10n ** 50n, (prices) => contractFindsHealthy(devnet, holder, "latest", prices));
    }

    /// `outcome` is "done" or the contract's error.
    async function liquidate(market, size, outcome) {
        const before = await account(market);
        const call = { user: ownerOf(market), market, account: before, size, liquidator };
        const head = BigInt(await chain.rpc("eth_blockNumber"));
        const report = skip ? null : await simulateMorpho(config, ["--block", head], call);
        const truth = await liquidateMorpho(devnet, { ...call, ...morphoSizes(call) });
        assert.equal(truth.success ? "done" : truth.error, outcome);
        const facts = { debt: market.loan };
        if (report) assert.deepEqual(compareLiquidation(report, truth, facts), [], JSON.stringify(report));
        return { ...truth, before };
    }

    const edge = (name, play) =>
        test(name, async () => {
            for (const label of ["WETH for USDC", "WHOLE for GUSD", "weETH for WETH"]) {
                await chain.onSnapshot(() => play(marketOf(label)));
            }
        });

    edge("begins one unit of the price below the last healthy one", async (market) => {
        const price = await smallestHealthyPrice(market);
        await setPrice(market, price);
        const { maxBorrow, debt } = await account(market);
        assert.equal(maxBorrow, debt, "equality is healthy");
        await liquidate(market, ["--repay", "max"], "position is healthy");
        await setPrice(market, price - 1n);
        await liquidate(market, ["--repay", "max"], "done");
    });

    edge("takes any part", async (market) => {
        await setPrice(market, (await smallestHealthyPrice(market)) - 1n);
        const { borrowShares, collateral, debt } = await account(market);
        for (const size of [
            ["--repay-shares", 1n],
            ["--repay-shares", borrowShares / 3n],
            ["--repay-shares", borrowShares - 1n],
            ["--repay-shares", borrowShares],
            ["--repay", debt / 2n],
            ["--repay", 1n],
            ["--seize", 1n],
            ["--seize", collateral / 3n],
        ]) {
            await liquidate(market, size, "done");
        }
    });

    edge("takes no more than there is", async (market) => {
        await setPrice(market, (await smallestHealthyPrice(market)) - 1n);
        const { borrowShares, collateral } = await account(market);
        await liquidate(market, ["--repay-shares", borrowShares + 1n], "panic 17");
        await liquidate(market, ["--seize", collateral + 1n], "panic 17");
        await liquidate(market, ["--repay-shares", 0n], "inconsistent input");
        await liquidate(market, ["--seize", 0n], "inconsistent input");
    });

    edge("writes off what is left when no collateral is, and nothing for as long as a unit is", async (market) => {
        await setPrice(market, (await smallestHealthyPrice(market)) / 2n);
        const { borrowShares, collateral } = await account(market);
        const { deficits } = await liquidate(market, ["--seize", collateral], "done");
        assert.ok(deficits[market.loan.symbol] > 0n);
        const kept = await liquidate(market, ["--seize", collateral - 1n], "done");
        assert.deepEqual(kept.deficits, {});
        await liquidate(market, ["--repay-shares", borrowShares], "panic 17");
        await liquidate(market, ["--repay", "max"], "done");
    });

    edge("of worthless collateral repays nothing and can only be told what to seize", async (market) => {
        await setPrice(market, 0n);
        const { collateral, debt } = await account(market);
        const { repaid, deficits } = await liquidate(market, ["--seize", collateral], "done");
        assert.equal(repaid, 0n);
        assert.equal(deficits[market.loan.symbol], debt);
        await liquidate(market, ["--repay", "max"], "done");
        await liquidate(market, ["--repay-shares", 1n], "panic 18");
    });

    // What is seized is posted apart from what is lent.
    edge("asks for no liquidity", async (market) => {
        await setPrice(market, (await smallestHealthyPrice(market)) - 1n);
        const { totals } = await account(market);
        const free = totals[0] - totals[2];
        const args = [market.params, free, 0n, lender, lender];
        chain.send({ from: lender, to: devnet.blue.morpho, abi: MORPHO, functionName: "withdraw", args });
        await chain.mine({ seconds: 0 });
        const drained = (await account(market)).totals;
        assert.equal(drained[0], drained[2], "all that is lent is borrowed");
        await liquidate(market, ["--repay", "max"], "done");
        await liquidate(market, ["--seize", 1n], "done");
    });

    edge("needs an oracle", async (market) => {
        const { abi } = own("MorphoOracle");
        chain.send({ to: market.oracle, abi, functionName: "setReverting", args: [true] });
        await chain.mine({ seconds: 0 });
        await liquidate(market, ["--repay-shares", 1n], "oracle is down");
    });
});
