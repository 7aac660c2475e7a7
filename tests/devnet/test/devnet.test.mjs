// The devnet itself: that it is worth auditing, and that the comparison accepts the truth and nothing else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { compare } from "../lib/compare.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { PERTURBATIONS } from "../lib/perturb.mjs";
import { ZERO_DEBT, perfectReport } from "../lib/perfect_report.mjs";
import { readTruth } from "../lib/truth.mjs";

const WAD = 10n ** 18n;

describe("a devnet of 150 wallets per market", () => {
    let devnet, truth;

    before(async () => {
        devnet = await startDevnet({ wallets: 150, observations: 1 });
        truth = await readTruth(devnet, devnet.wallets, devnet.observations[0].number);
    });
    after(() => devnet?.stop());

    test("one seed gives one chain, down to the block hash", async () => {
        const twin = await startDevnet({ wallets: 150, observations: 1 });
        await twin.stop();
        assert.equal(twin.observations[0].hash, devnet.observations[0].hash);
        assert.deepEqual(twin.wallets, devnet.wallets);
    });

    const situations = {
        "is liquidatable": ({ healthFactor }) => healthFactor < WAD,
        "is within a tenth of liquidation": ({ healthFactor }) =>
            healthFactor >= WAD && healthFactor < (11n * WAD) / 10n,
        "is healthy": ({ debt, healthFactor }) => debt > 0n && healthFactor > 2n * WAD,
        "supplies without debt": ({ debt, collateral }) => debt === 0n && collateral > 0n,
        "keeps a supply that is no collateral": ({ balances }) =>
            balances.some(({ supplied, usable }) => supplied && !usable),
        "has collateral whose LTV fell to zero": has(({ symbol, usable }) => symbol === "CRV" && usable),
        "has frozen collateral": has(({ symbol, usable }) => symbol === "BAL" && usable),
        "has collateral in a paused reserve": has(({ symbol, usable }) => symbol === "KNC" && usable),
        "has isolated collateral": has(({ symbol, usable }) => symbol === "ENS" && usable),
        "owes an amount worth less than one unit": ({ debt, balances }) =>
            debt <= 1n && balances.some(({ variable }) => variable > 0n),
        "supplies dust": has(({ supplied }) => supplied > 0n && supplied < 100n),
    };
    for (const market of ["v30", "v36"]) {
        for (const [what, holds] of Object.entries(situations)) {
            test(`someone in ${market} ${what}`, () =>
                assert.ok(truth.accounts.some((account) => account.market === market && holds(account))));
        }
        test(`every e-mode of ${market} is used`, () => {
            const { emodes } = devnet.markets.find(({ name }) => name === market);
            for (const { id, label } of emodes) {
                const used = ({ market: of, emode, debt }) => of === market && emode === BigInt(id) && debt > 0n;
                assert.ok(truth.accounts.some(used), label);
            }
        });
    }

    test("someone in v30 owes at a stable rate", () =>
        assert.ok(truth.accounts.some(has(({ stable }) => stable > 0n))));
    test("someone in v36 owes what only an e-mode lends", () =>
        assert.ok(truth.accounts.some(has(({ symbol, variable }) => symbol === "GHO" && variable > 0n))));
    test("someone in v36 has collateral that only an e-mode accepts", () =>
        assert.ok(truth.accounts.some(has(({ symbol, usable }) => symbol === "PT" && usable))));
    test("in v30 a debt can be too small to have a value", () => assert.ok(truth.accounts.some(ZERO_DEBT)));

    test("the named wallets are what their names say", () => {
        const healthOf = (label) => {
            const { address } = devnet.scenario.find((wallet) => wallet.label === label);
            return (
                Number(
                    truth.accounts.find(({ wallet, balances }) => wallet === address && balances.length).healthFactor,
                ) / 1e18
            );
        };
        assert.ok(healthOf("healthy") > 2);
        assert.ok(healthOf("near") > 1.02 && healthOf("near") < 1.04);
        assert.ok(healthOf("liquidatable") < 1);
        assert.ok(healthOf("looped") > 1.05 && healthOf("looped") < 1.07);
    });

    test("a report that says what the contracts say has no differences", () => {
        const { comparisons, differences } = compare(perfectReport(truth), truth);
        assert.deepEqual(differences, []);
        assert.ok(comparisons > 1000);
    });
    for (const [what, perturb] of Object.entries(PERTURBATIONS)) {
        test(`the comparison notices ${what}`, () => {
            const report = perfectReport(truth);
            perturb(report);
            assert.notEqual(compare(report, truth).differences.length, 0);
        });
    }
});

function has(holds) {
    return ({ balances }) => balances.some(holds);
}
