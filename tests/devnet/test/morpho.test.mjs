// margrave against Morpho Blue itself: interest, debts, lent assets and health, unit for unit, at three blocks.
// MARGRAVE_LONG=1 takes thousands of wallets, MARGRAVE_SEED another history.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, skip, writeConfig } from "../lib/margrave.mjs";
import { MORPHO } from "../lib/morpho.mjs";
import { compareMorpho } from "../lib/morpho_compare.mjs";
import { contractFindsHealthy, readMorphoTruth } from "../lib/morpho_truth.mjs";
import { perfectMorphoReport } from "../lib/perfect_report.mjs";
import { PERTURBATIONS } from "../lib/perturb.mjs";
import { readHoldings } from "../lib/truth.mjs";

const WAD = 10n ** 18n;
const wallets = process.env.MARGRAVE_LONG === "1" ? 3000 : 500;
const seed = process.env.MARGRAVE_SEED ?? "margrave";
const BLOCKS = 3;
// One market's oracle reverts, so that no report is without a gap.
const GAPS = 4;

describe(`Morpho Blue with ${wallets} random wallets, seed "${seed}"`, { concurrency: false }, () => {
    let devnet, config, truths;

    before(async () => {
        devnet = await startDevnet({ seed, wallets, observations: BLOCKS, aave: false, morpho: true });
        config = writeConfig(devnet.configToml());
        truths = await Promise.all(devnet.observations.map(({ number }) => readTruth(number)));
    });
    after(() => devnet?.stop());

    const readTruth = async (block) => ({
        accounts: await readMorphoTruth(devnet, devnet.wallets, block),
        holdings: await readHoldings(devnet.chain, devnet.tokens, devnet.wallets, block),
    });

    const situations = {
        "is liquidatable": ({ healthFactor, price }) => price && healthFactor !== null && healthFactor < WAD,
        "is within a tenth of liquidation": ({ healthFactor }) =>
            healthFactor >= WAD && healthFactor < (11n * WAD) / 10n,
        "has collateral without debt": ({ collateral, debt }) => collateral && !debt,
        "lends and borrows in the same market": ({ supplied, debt }) => supplied && debt,
        "owes where the oracle reverts": ({ debt, price, market }) => debt && price === null && market.collateral,
        "lends where the oracle reverts": ({ supplied, debt, market }) => supplied && !debt && market.later === "down",
        "owes against collateral that is worth nothing": ({ debt, collateral, price }) =>
            debt && collateral && price === 0n,
        "lends in a market without collateral": ({ supplied, market }) => supplied && !market.collateral,
        "is the fee recipient": ({ wallet, supplied }) => supplied && wallet === devnet.blue.feeRecipient,
        "owes dust": ({ debt }) => debt > 0n && debt < 100n,
    };
    for (const [what, holds] of Object.entries(situations)) {
        test(`someone ${what}`, () => assert.ok(truths.at(-1).accounts.some(holds)));
    }

    test("interest has yet to be charged in some markets and has been in others", async () => {
        const last = devnet.observations.at(-1);
        const before = devnet.observations[0];
        const updatedAt = async ({ id }, block) => {
            const args = { to: devnet.blue.morpho, abi: MORPHO, functionName: "market", args: [id], block };
            return Number((await devnet.chain.read(args))[4]);
        };
        const at = (block) => Promise.all(devnet.blue.markets.map((market) => updatedAt(market, block.number)));
        assert.ok((await at(before)).every((time) => time < before.timestamp));
        assert.ok((await at(last)).some((time) => time === last.timestamp));
    });

    // The referee's formula is the protocol's as published; this asks the contract to judge it.
    test("the contract's own check agrees about everyone's health", async () => {
        const indebted = truths.at(-1).accounts.filter(({ debt, price }) => debt && price !== null);
        for (const account of indebted) {
            const [healthy] = await contractFindsHealthy(devnet, account, devnet.observations.at(-1).number);
            assert.equal(healthy, account.healthFactor >= WAD, `${account.wallet} ${account.market.label}`);
        }
    });

    test("a report that says what the contract says has no differences", () => {
        const { comparisons, differences } = compareMorpho(perfectMorphoReport(truths[0]), truths[0], devnet.blue);
        assert.deepEqual(differences, []);
        assert.ok(comparisons > 1000);
    });
    for (const [what, perturb] of Object.entries(PERTURBATIONS)) {
        test(`the comparison notices ${what}`, () => {
            const report = perfectMorphoReport(truths[0]);
            perturb(report);
            assert.notEqual(compareMorpho(report, truths[0], devnet.blue).differences.length, 0);
        });
    }

    for (let i = 0; i < BLOCKS; i++) {
        test(
            `every number of the audit is the contract's own at block ${i + 1} of ${BLOCKS}`,
            { skip },
            async (context) => {
                const { number, timestamp } = devnet.observations[i];
                const report = await audit(config, devnet.wallets, { block: number, expectedCode: GAPS });
                assert.equal(report.chains[0].block.timestamp, String(timestamp));
                const { comparisons, differences } = compareMorpho(report, truths[i], devnet.blue);
                context.diagnostic(`${comparisons} comparisons, ${differences.length} differences`);
                assert.equal(differences.length, 0, differences.slice(0, 30).join("\n"));
            },
        );
    }
});
