// Carrying out what `margrave rescue` plans, at the first and at the last moment of its validity, brings every account to
// its target on the real contracts; with one unit less it would not. MARGRAVE_SEED takes another history.
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

    /// The lowest health when the plan is carried out in its own block's second, then and at the end of the validity.
    const lowestWhenDoneAtOnce = (account, plan, less) =>
        devnet.chain.onSnapshot(async () => {
            await carryOut(devnet, account, plan, { seconds: 0, less });
            const then = await readHealth(devnet, account);
            await devnet.chain.mine({ seconds: VALID_FOR_S });
            const end = await readHealth(devnet, account);
            return then < end ? then : end;
        });

    for (const protocol of ["aave_v3", "morpho_blue"]) {
        test(`${protocol}: the target is reached at the end of the validity, one unit less misses it at some moment`, async (context) => {
            const plans = plansOf(protocol);
            const missed = [];
            let less = 0;
            for (const { account, plan } of plans) {
                const health = await healthThen(account, plan, { seconds: VALID_FOR_S });
                if (!reaches(health)) missed.push(`${nameOf(account)}: ${health}`);
                // Margrave's own figure for this moment is the contract's.
                assert.equal(plan.after_late.health_factor_raw, health === null ? null : String(health), nameOf(account));
                if (!canBeLess(plan)) continue;
                const below = await healthThen(account, plan, { seconds: VALID_FOR_S, less: 1n });
                // The last moment binds as a rule; a rounded threshold, or interest earned, can make it another.
                if (reaches(below) && reaches(await lowestWhenDoneAtOnce(account, plan, 1n))) {
                    missed.push(`${nameOf(account)}: ${below} with one unit less`);
                }
                less++;
            }
            context.diagnostic(`${plans.length} plans carried out, ${less} of them also with one unit less`);
            assert.deepEqual(missed, []);
            assert.ok(plans.length >= PLANS_MIN && less >= PLANS_MIN / 2);
        });

        test(`${protocol}: a plan that is carried out at once reaches its target and keeps it`, async () => {
            for (const { account, plan } of plansOf(protocol)) {
                const health = await lowestWhenDoneAtOnce(account, plan, 0n);
                assert.ok(reaches(health), `${nameOf(account)}: ${health}`);
            }
        });
    }
});
