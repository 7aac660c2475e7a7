// margrave's numbers against the contracts' own, wei for wei, for hundreds of random wallets in two generations of
// Aave v3 at three blocks. MARGRAVE_LONG=1 takes thousands of wallets, MARGRAVE_SEED another history.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { compare } from "../lib/compare.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, skip, writeConfig } from "../lib/margrave.mjs";
import { PERTURBATIONS } from "../lib/perturb.mjs";
import { readTruth } from "../lib/truth.mjs";

const wallets = process.env.MARGRAVE_LONG === "1" ? 3000 : 500;
const seed = process.env.MARGRAVE_SEED ?? "margrave";
const BLOCKS = 3;

describe(`${wallets} random wallets per market, seed "${seed}"`, { skip }, () => {
    let devnet, config;
    let lastReport, lastTruth;

    before(async () => {
        devnet = await startDevnet({ seed, wallets, observations: BLOCKS });
        config = writeConfig(devnet.configToml());
    });
    after(() => devnet?.stop());

    for (let i = 0; i < BLOCKS; i++) {
        test(`every number of the audit is the contract's own at block ${i + 1} of ${BLOCKS}`, async (context) => {
            const block = devnet.observations[i];
            const report = await audit(config, devnet.wallets, { block: block.number });
            const truth = await readTruth(devnet, devnet.wallets, block.number);
            assert.deepEqual(blockOf(report), {
                number: String(block.number),
                hash: block.hash,
                timestamp: String(block.timestamp),
            });
            const { comparisons, differences } = compare(report, truth);
            context.diagnostic(`${comparisons} comparisons, ${differences.length} differences`);
            assert.equal(differences.length, 0, differences.slice(0, 30).join("\n"));
            [lastReport, lastTruth] = [report, truth];
        });
    }

    for (const [what, perturb] of Object.entries(PERTURBATIONS)) {
        test(`the comparison notices ${what}`, () => {
            const report = structuredClone(lastReport);
            perturb(report);
            assert.notEqual(compare(report, lastTruth).differences.length, 0);
        });
    }
});

function blockOf(report) {
    assert.equal(report.schema, "margrave.report/1");
    const { chain, chain_id, block } = report.chains[0];
    assert.deepEqual({ chain, chain_id }, { chain: "devnet", chain_id: 31337 });
    return { number: block.number, hash: block.hash, timestamp: block.timestamp };
}
