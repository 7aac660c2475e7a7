// Hundreds of liquidations, each simulated by margrave and then really done on the node, at the same time: what is
// repaid, seized, paid as a fee and written off, what is left, and what is refused, have to be equal to the wei.
// MARGRAVE_LONG=1 takes thousands of wallets, MARGRAVE_SEED another history.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { aaveCases, morphoCases } from "../lib/liquidation_cases.mjs";
import {
    LIQUIDATION_PERTURBATIONS,
    REASONS,
    compareLiquidation,
    perfectLiquidation,
} from "../lib/liquidation_compare.mjs";
import { fundLiquidator, liquidateAave, liquidateMorpho } from "../lib/liquidations.mjs";
import { skip, writeConfig } from "../lib/margrave.mjs";
import { makeMorphoWhales } from "../lib/morpho_wallets.mjs";
import { morphoSizes, readMorphoTruth } from "../lib/morpho_truth.mjs";
import { movePrices } from "../lib/prices.mjs";
import { Random } from "../lib/random.mjs";
import { saveSnapshot, simulateAave, simulateMorpho } from "../lib/simulate.mjs";
import { readMarket } from "../lib/truth.mjs";
import { makeWhales } from "../lib/whales.mjs";

const long = process.env.MARGRAVE_LONG === "1";
const wallets = long ? 3000 : 650;
const seed = process.env.MARGRAVE_SEED ?? "margrave";
// Unhealthy accounts; the healthy ones among them come on top.
const CASES = long ? Infinity : 300;
const HEALTHY = ["45", "HealthFactorNotBelowThreshold", "position is healthy"];

describe(`liquidations, seed "${seed}"`, { concurrency: false }, () => {
    let devnet, config, block;

    before(async () => {
        devnet = await startDevnet({ seed, wallets, observations: 2, morpho: true });
        config = writeConfig(devnet.configToml());
        const { chain, markets, tokens } = devnet;
        const whales = [...markets.map((market) => makeWhales(market)), makeMorphoWhales()];
        for (const { liquidator } of whales) await fundLiquidator(chain, Object.values(tokens), liquidator);
        movePrices(chain, devnet, new Random(`${seed} crash`), { low: 0.6, high: 0.95 });
        block = (await chain.mine({ seconds: 3600 })).number;
    });
    after(() => devnet?.stop());

    for (const [i, name] of ["v30", "v36"].entries()) {
        test(`of Aave ${name} do what the contracts do`, async (context) => {
            const market = devnet.markets[i];
            const random = new Random(`${seed} liquidations of ${name}`);
            const accounts = await readMarket(devnet.chain, market, devnet.wallets, block);
            const cases = random.shuffled(aaveCases(market, accounts, random));
            const really = (call) => liquidateAave(devnet, market, call, call);
            const simulated = (where, call) => simulateAave(config, where, market, call);
            await referee(context, cases, { really, simulated, detail: describeAave });
        });
    }

    test("of Morpho Blue do what the contract does", async (context) => {
        const random = new Random(`${seed} liquidations of Morpho`);
        const accounts = await readMorphoTruth(devnet, devnet.wallets, block);
        const cases = random.shuffled(morphoCases(accounts, random));
        const really = (call) => liquidateMorpho(devnet, { ...call, ...morphoSizes(call) }, call.price);
        const simulated = (where, call) => simulateMorpho(config, where, call);
        await referee(context, cases, { really, simulated, detail: describeMorpho });
    });

    // Each case for real and, if there is a margrave, simulated meanwhile; whatever differs is listed.
    async function referee(context, cases, { really, simulated, detail }) {
        const where = skip
            ? null
            : [
                  "--snapshot",
                  await saveSnapshot(
                      config,
                      cases.map(({ user }) => user),
                      block,
                  ),
              ];
        const differences = [];
        const counts = {};
        let unhealthy = 0;
        for (const call of cases) {
            if (unhealthy === CASES) break;
            const [truth, report] = await Promise.all([really(call), where && simulated(where, call)]);
            const outcome = truth.success ? `done, ${Object.keys(truth.deficits).length} deficits` : truth.error;
            counts[outcome] = (counts[outcome] ?? 0) + 1;
            if (!HEALTHY.includes(truth.error)) unhealthy++;
            const pair = {
                debt: call.debt ?? call.market.loan,
                same: call.collateral && call.collateral === call.debt,
            };
            const facts = { receiveShares: call.receiveShares, ...pair };
            assertComparisonWorks(truth, facts);
            const found = report ? compareLiquidation(report, truth, facts) : [];
            if (found.length) differences.push(`${detail(call)}\n  ${found.join("\n  ")}`);
        }
        context.diagnostic(
            `${unhealthy} unhealthy accounts, ${JSON.stringify(counts)}, ${differences.length} differences`,
        );
        assert.equal(differences.length, 0, differences.slice(0, 10).join("\n"));
        assert.ok(unhealthy >= 300, "there are too few of them");
    }
});

const describeAave = ({ user, collateral, debt, amount, receiveShares, answers, account: { emode } }) =>
    `${user} ${collateral.symbol} for ${amount} ${debt.symbol}, e-mode ${emode}, ` +
    `${receiveShares ? "shares" : "underlying"}, ${answers.map(([symbol, answer]) => `${symbol}=${answer}`)}`;
const describeMorpho = ({ user, market, size, price }) => `${user} ${market.label} ${size.join(" ")}, price ${price}`;

// The truth is accepted, and any small falsehood is not.
function assertComparisonWorks(truth, facts) {
    assert.deepEqual(compareLiquidation(perfectLiquidation(truth, facts), truth, facts), []);
    if (!truth.success) {
        const wrong = [{ eligible: true, reason: null }, { reason: null }];
        if (REASONS[truth.error]) wrong.push({ reason: "another" });
        for (const falsehood of wrong) {
            const report = { ...perfectLiquidation(truth, facts), ...falsehood };
            assert.notEqual(compareLiquidation(report, truth, facts).length, 0);
        }
        return;
    }
    for (const [what, perturb] of Object.entries(LIQUIDATION_PERTURBATIONS)) {
        const report = perfectLiquidation(truth, facts);
        if (!report.after.legs.length || report.after.health_factor_raw === null) continue;
        perturb(report);
        assert.notEqual(compareLiquidation(report, truth, facts).length, 0, what);
    }
}
