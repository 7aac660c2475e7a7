// What `margrave rescue` says of an account after each step of a plan is what the contracts say when the steps are
// carried out: with sales and flash loans, swaps at the assumed price, and across accounts and protocols of one wallet.
// MARGRAVE_SEED takes another history.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ERC20, POOL } from "../lib/aave.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { MORPHO } from "../lib/morpho.mjs";
import { addressOf } from "../lib/random.mjs";
import { readHealth } from "../lib/rescue.mjs";
import { healthsAfterSteps, withdrawTrust } from "../lib/rescue_steps.mjs";
import { mintMany } from "../lib/tokens.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const WALLETS = 40;
const WAD = 10n ** 18n;
const TARGET = 13n * 10n ** 17n;
const VALID_FOR_S = 7200;
const VARIABLE = 2n;
const USED = addressOf("margrave rescue", "lends on Morpho, owes on Aave");
const POSTED = addressOf("margrave rescue", "owes on Morpho, has collateral to spare on Aave");
const BOTH = addressOf("margrave rescue", "low on both, with one balance for both");

describe(`steps of rescue plans for ${WALLETS} wallets per market, seed "${seed}"`, { skip }, () => {
    let devnet, chain, config, block, accounts;

    before(async () => {
        devnet = await startDevnet({ seed: `${seed} rescue steps`, wallets: WALLETS, observations: 1, morpho: true });
        ({ chain } = devnet);
        config = writeConfig(devnet.configToml());
        enterTwoProtocols();
        block = await chain.mine();
        accounts = await plan([...devnet.wallets, BOTH]);
        await withdrawTrust(devnet, [...devnet.markets.map(({ pool }) => pool), devnet.blue.morpho]);
    });
    after(() => devnet?.stop());

    async function plan(wallets, options = []) {
        const { json, stderr } = await margrave([
            ...["rescue", ...wallets, "--json", "--target", "1.3", "--valid-for", String(VALID_FOR_S), ...options],
            ...["--config", config, "--block", String(block.number)],
        ]);
        assert.ok(json, stderr);
        return json.accounts;
    }

    const marketOf = (label) => devnet.blue.markets.find((market) => market.label === label);

    // Each is low in one protocol and has what helps in the other.
    function enterTwoProtocols() {
        const aave = devnet.markets[1];
        const { WETH, DAI, USDC } = devnet.tokens;
        const blue = marketOf("WETH for USDC");
        const give = (wallet, token, amount) => mintMany(chain, token, [wallet], [amount]);
        const call = (from, to, abi, functionName, ...args) => chain.send({ from, to, abi, functionName, args });
        give(USED, WETH, 10n * WAD);
        give(USED, USDC, 20_000n * 10n ** 6n);
        call(USED, aave.pool, POOL, "supply", WETH.address, 10n * WAD, USED, 0);
        call(USED, aave.pool, POOL, "borrow", USDC.address, 17_000n * 10n ** 6n, VARIABLE, 0, USED);
        call(USED, devnet.blue.morpho, MORPHO, "supply", blue.params, 20_000n * 10n ** 6n, 0n, USED, "0x");

        give(POSTED, WETH, 25n * WAD);
        call(POSTED, devnet.blue.morpho, MORPHO, "supplyCollateral", blue.params, 10n * WAD, POSTED, "0x");
        call(POSTED, devnet.blue.morpho, MORPHO, "borrow", blue.params, 18_000n * 10n ** 6n, 0n, POSTED, POSTED);
        call(POSTED, aave.pool, POOL, "supply", WETH.address, 15n * WAD, POSTED, 0);
        call(POSTED, aave.pool, POOL, "borrow", DAI.address, 10_000n * WAD, VARIABLE, 0, POSTED);
        enterBoth(aave, blue, devnet.tokens);
    }

    // Neither balance suffices for both accounts.
    function enterBoth(aave, blue, { WETH, USDC, DAI }) {
        const give = (token, amount) => mintMany(chain, token, [BOTH], [amount]);
        const call = (to, abi, functionName, ...args) => chain.send({ from: BOTH, to, abi, functionName, args });
        give(WETH, 20n * WAD);
        call(aave.pool, POOL, "supply", WETH.address, 10n * WAD, BOTH, 0);
        call(aave.pool, POOL, "borrow", USDC.address, 17_000n * 10n ** 6n, VARIABLE, 0, BOTH);
        call(devnet.blue.morpho, MORPHO, "supplyCollateral", blue.params, 10n * WAD, BOTH, "0x");
        call(devnet.blue.morpho, MORPHO, "borrow", blue.params, 18_000n * 10n ** 6n, 0n, BOTH, BOTH);
        const spend = addressOf("margrave rescue", "spent");
        chain.send({ from: BOTH, to: USDC.address, abi: ERC20, functionName: "transfer", args: [spend, 31_000n * 10n ** 6n] });
        give(DAI, 3_000n * WAD);
    }

    const nameOf = ({ protocol, market, wallet }) => `${protocol}/${market} ${wallet}`;
    const raw = (health) => (health === null ? null : String(health));

    /// Healths after the steps, or what is wrong with them.
    async function check(account, { steps }, healths) {
        const wrong = [];
        let before = BigInt(account.now.health_factor_raw);
        steps.forEach((step, i) => {
            const what = `${nameOf(account)} step ${i + 1} ${step.action} ${step.symbol}`;
            if (step.after.health_factor_raw !== raw(healths[i])) {
                wrong.push(`${what}: said ${step.after.health_factor_raw}, on chain ${healths[i]}`);
            }
            const isOther = step.account && step.account.market !== account.market;
            if (isOther && healths[i] !== null && healths[i] < TARGET) {
                wrong.push(`${what}: leaves the other account at ${healths[i]}`);
            }
            if (isOther) return;
            const falls = healths[i] !== null && healths[i] < WAD && healths[i] < before;
            if (falls && !step.in_flash_loan) wrong.push(`${what}: crosses 1 at ${healths[i]}`);
            before = healths[i] ?? 10n ** 60n;
        });
        return wrong;
    }

    test("every step leaves what margrave says, sales, swaps and flash loans included", async (context) => {
        const counts = { plans: 0, steps: 0 };
        const wrong = [];
        for (const account of accounts.filter(({ plan }) => plan)) {
            for (const chosen of [account.plan, ...account.alternatives]) {
                await chain.onSnapshot(async () => {
                    try {
                        const healths = await healthsAfterSteps(devnet, account, chosen);
                        wrong.push(...(await check(account, chosen, healths)));
                    } catch (error) {
                        wrong.push(`${nameOf(account)} ${JSON.stringify(chosen.steps.map((s) => s.action))}: ${error.message}`);
                    }
                });
                counts.plans++;
                counts.steps += chosen.steps.length;
                for (const { source } of chosen.steps.flatMap(({ from }) => from)) {
                    counts[source] = (counts[source] ?? 0) + 1;
                }
            }
        }
        context.diagnostic(JSON.stringify(counts));
        assert.deepEqual(wrong, []);
        for (const source of ["idle", "account", "swap", "outside", "sale", "flash"]) {
            assert.ok(counts[source] > 0, `no plan with funds from ${source}`);
        }
    });

    test("the first plans of all accounts of a wallet can be carried out together", async (context) => {
        const byWallet = new Map();
        for (const account of accounts.filter(({ plan }) => plan)) {
            byWallet.set(account.wallet, [...(byWallet.get(account.wallet) ?? []), account]);
        }
        const several = [...byWallet.values()].filter((group) => group.length > 1);
        context.diagnostic(`${several.length} wallets with several low accounts`);
        assert.ok(several.some(([{ wallet }]) => wallet.toLowerCase() === BOTH));
        for (const group of several) {
            await chain.onSnapshot(async () => {
                for (const account of group) await healthsAfterSteps(devnet, account, account.plan);
                for (const account of group) {
                    const health = await readHealth(devnet, account);
                    assert.ok(health === null || health >= TARGET, `${nameOf(account)}: ${health}`);
                }
            });
        }
    });

    for (const [what, wallet, protocol, other] of [
        ["what is lent on Morpho repays on Aave", USED, "aave_v3", "morpho_blue"],
        ["what is spare on Aave is posted on Morpho", POSTED, "morpho_blue", "aave_v3"],
    ]) {
        test(`${what}, and one unit less would not do`, async () => {
            const found = await plan([wallet], ["--idle-only"]);
            const account = found.find((one) => one.protocol === protocol);
            assert.equal(account.verdict, "planned", JSON.stringify(account.rejected));
            const chosen = [account.plan, ...account.alternatives].find(
                ({ steps, calls }) =>
                    steps[0].account?.protocol === other && calls.length === steps.length + 1 && !steps.at(-1).is_all,
            );
            assert.ok(chosen, JSON.stringify(account.plan.steps));
            for (const [less, reaches] of [
                [0n, true],
                [1n, false],
            ]) {
                const healths = await chain.onSnapshot(() => carryOutLate(account, chosen, less));
                assert.equal(healths.target >= TARGET, reaches, `${healths.target} with ${less} units less`);
                assert.ok(healths.donor === null || healths.donor >= TARGET);
            }
        });
    }

    // At the last moment of the validity, as the wallet would sign it; `less` of what goes in.
    async function carryOutLate(account, { steps, calls }, less) {
        const wallet = account.wallet.toLowerCase();
        calls.forEach(({ to, data }, i) => {
            const isLast = i === calls.length - 1;
            chain.sendRaw({ from: wallet, to, data: isLast ? lessen(data, BigInt(steps.at(-1).amount_raw), less) : data });
        });
        await chain.mine({ seconds: VALID_FOR_S });
        const donor = { ...steps[0].account, wallet: account.wallet };
        return { target: await readHealth(devnet, account), donor: await readHealth(devnet, donor) };
    }

    // The amount stands in the calldata as a word.
    function lessen(data, amount, less) {
        const word = (value) => value.toString(16).padStart(64, "0");
        assert.equal(data.split(word(amount)).length, 2);
        return data.replace(word(amount), word(amount - less));
    }
});
