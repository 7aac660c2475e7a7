// Carrying out what `margrave rescue` plans, at the last moment of its validity, brings every account to its target on
// the real contracts; with one unit less it would not. MARGRAVE_SEED takes another history.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { canBeLess, carryOut, readHealth } from "../lib/rescue.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const WALLETS = 60;
const TARGET = 13n * 10n ** 17n;
const VALID_FOR_S = 7200;
const PLANS_MIN = 20;

describe(`rescue plans for ${WALLETS} wallets per market, seed "${seed}"`, { skip }, () => {
    let devnet, accounts;

    before(async () => {
        devnet = await startDevnet({ seed: `${seed} rescue`, wallets: WALLETS, observations: 1, morpho: true });
        const { json, stderr } = await margrave([
            ...["rescue", ...devnet.wallets, "--json", "--target", "1.3", "--valid-for", String(VALID_FOR_S)],
            ...["--config", writeConfig(devnet.configToml()), "--block", String(devnet.observations[0].number)],
        ]);
        assert.ok(json, stderr);
        accounts = json.accounts;
    });
    after(() => devnet?.stop());

    const reaches = (health) => health === null || health >= TARGET;
    const nameOf = ({ protocol, market, wallet }) => `${protocol}/${market} ${wallet}`;

    /// Every plan that consists of calls alone, swaps and outside funds being given.
    function plansOf(protocol) {
        return accounts
            .filter((account) => account.protocol === protocol && account.plan)
            .flatMap((account) => [account.plan, ...account.alternatives].map((plan) => ({ account, plan })))
            .filter(({ plan }) => !plan.needs_flash_loan && plan.steps.every(({ call, action }) => call || action === "swap"))
            .filter(({ plan }) => !plan.steps.some(({ action }) => action === "withdraw" || action === "withdraw_collateral"));
    }

    const healthThen = (account, plan, options) =>
        devnet.chain.onSnapshot(async () => {
            await carryOut(devnet, account, plan, options);
            return readHealth(devnet, account);
        });

    for (const protocol of ["aave_v3", "morpho_blue"]) {
        test(`${protocol}: the target is reached at the end of the validity, one unit less misses it`, async (context) => {
            const plans = plansOf(protocol);
            const missed = [];
            const roomy = [];
            let less = 0;
            for (const { account, plan } of plans) {
                const health = await healthThen(account, plan, { seconds: VALID_FOR_S });
                if (!reaches(health)) missed.push(`${nameOf(account)}: ${health}`);
                // Margrave's own figure for this moment is the contract's.
                assert.equal(plan.after_late.health_factor_raw, health === null ? null : String(health), nameOf(account));
                // Where another moment binds, such as the first because interest raises the health, this one has room.
                const raw = ({ health_factor_raw }) => BigInt(health_factor_raw ?? 0);
                const binds = [plan.after, plan.after_at_end].every((other) => raw(plan.after_late) <= raw(other));
                if (!canBeLess(plan) || !binds) continue;
                const below = await healthThen(account, plan, { seconds: VALID_FOR_S, less: 1n });
                // Until 3.4 the average threshold moves by whole basis points, so another moment may be what binds.
                if (reaches(below) && reaches(await healthThen(account, plan, { seconds: 1, less: 1n }))) {
                    roomy.push(`${nameOf(account)}: ${below} with one unit less`);
                }
                less++;
            }
            context.diagnostic(`${plans.length} plans carried out, ${less} of them also with one unit less`);
            assert.deepEqual(missed, []);
            // A plan may also bind only when it is done at once and aged, which is not carried out here: named, and few.
            for (const plan of roomy) context.diagnostic(`has room at both moments: ${plan}`);
            assert.ok(roomy.length <= plans.length / 50, roomy.join("\n"));
            assert.ok(plans.length >= PLANS_MIN && less >= PLANS_MIN / 2);
        });

        test(`${protocol}: a plan that is carried out early reaches its target too`, async () => {
            for (const { account, plan } of plansOf(protocol).slice(0, PLANS_MIN)) {
                const health = await healthThen(account, plan, { seconds: 1 });
                assert.ok(reaches(health), `${nameOf(account)}: ${health}`);
            }
        });
    }
});
