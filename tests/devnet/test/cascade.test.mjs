// Whole cascades on real Aave of both generations, real Morpho Blue and real Uniswap v3 pools: a script liquidates, swaps
// and sets oracles until nobody is eligible, and margrave's exact engine, from the state before, ends with the same
// rounds, amounts, write-offs, pools, answers and accounts, to the wei. MARGRAVE_LONG=1 plays 20 markets of 400
// borrowers each instead of 5 of 200, MARGRAVE_SEED others.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fs from "node:fs";
import path from "node:path";
import { RealCascade, limitAfterFall, playbookToml, readHealths } from "../lib/cascade.mjs";
import { differences, falsehoods } from "../lib/cascade_compare.mjs";
import { enterAccounts, rulesOf, startCascadeWorld } from "../lib/cascade_world.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { Random } from "../lib/random.mjs";
import { assertValid } from "../lib/schemas.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const MARKETS = process.env.MARGRAVE_LONG ? 20 : 5;
const BORROWERS = process.env.MARGRAVE_LONG ? 400 : 200;
const OWN = 20;
const SMALLER = 20;
const ETHER = 10n ** 18n;
const TOGETHER = [["v30"], ["usdc", "dai"], ["v30", "v36"], ["v36", "usdc"], ["v30", "v36", "usdc", "dai"]];

describe(`cascades, seed "${seed}"`, { skip, concurrency: false }, () => {
    let world, config, folder;

    before(async () => {
        world = await startCascadeWorld(seed);
        config = writeConfig(world.toml);
        folder = temporaryFolder();
    });
    after(() => world?.devnet.stop());

    async function predict(accounts, playbook, { own = [] } = {}) {
        const file = path.join(folder, "playbook.toml");
        const lenders = [...new Set(accounts.map(({ lender }) => lender))];
        const wallets = accounts.map(({ wallet }) => wallet);
        // One test asks for the range over policies; it costs as many cascades as there are.
        const rules = playbook.rules ?? ['range = "none"'];
        fs.writeFileSync(file, playbookToml({ ...playbook, rules, lenders, wallets, own }));
        const { json, stderr, code } = await margrave(["cascade", "--playbook", file, "--config", config, "--json"]);
        // Beyond the ticks that were read own prices may be unknown: a gap, and the only one there may be.
        const isBand = json?.gaps.every(({ detail }) => detail.includes("widen its band_bps"));
        assert.ok(code === 0 || (code === 4 && isBand && own.length > 0), `${code} ${stderr} ${JSON.stringify(json?.gaps)}`);
        assertValid("cascade.schema.json", json);
        return json;
    }

    const happen = (accounts, playbook, sales) =>
        world.chain.onSnapshot(() => new RealCascade(world, { accounts, ...playbook }).run(sales));

    const fallOf = (bps) => ({ "ETH/USD": `-${(bps / 100).toFixed(2)}%` });

    /// Outside, every pool is traded to the price, until the pool itself stops there.
    async function salesDownTo(bps) {
        const sales = [];
        for (const [into, pool] of Object.entries(world.pools)) {
            const limit = await limitAfterFall(world.chain, pool, "WETH", BigInt(bps));
            sales.push({ asset: "WETH", into, pool, amount: 2n ** 127n - 1n, limit });
        }
        return sales;
    }

    for (let i = 0; i < MARKETS; i++) {
        const names = TOGETHER[i % TOGETHER.length];
        const sell = i % 2 ? "per-round" : "to-debt";
        test(`market ${i}, ${names.join(" and ")}, sold ${sell}, ends as it really does`, async (context) => {
            const random = new Random(`${seed} market ${i}`);
            const lenders = names.map((name) => world.lenders[name]);
            await world.chain.onSnapshot(async () => {
                const setting = { seed: `${seed} market ${i}`, lenders, count: BORROWERS, scale: 30 / BORROWERS };
                const accounts = await enterAccounts(world, setting);
                const playbook = rulesOf(world, { sell, lenders });
                // A sale of somebody outside, or the price there.
                const amount = BigInt(Math.floor(random.between(900, 1800))) * ETHER;
                const move = 600 + random.below(900);
                const [outside, shock] = [1, 2].includes(i % 4)
                    ? [{ price: fallOf(move) }, await salesDownTo(move)]
                    : [{ sales: { WETH: amount } }, [{ asset: "WETH", into: "USDC", pool: world.pools.USDC, amount }]];
                const json = await predict(accounts, { ...playbook, ...outside }, { own: [world.lender] });
                const real = await happen(accounts, playbook, shock);
                const found = differences(json, real);
                const done = real.rounds.flatMap(({ liquidations }) => liquidations).filter(({ ok }) => ok);
                const writtenOff = done.filter(({ deficits }) => Object.keys(deficits).length > 0);
                context.diagnostic(
                    `${real.rounds.length} rounds, ${done.length} liquidations, ${writtenOff.length} with write-offs, ` +
                        `${found.length} differences`,
                );
                assert.deepEqual(found.slice(0, 10), []);
                assert.equal(json.final.liquidations, done.length);
                assert.ok(real.rounds.length > 1 && done.length > 20, "too little happened");
                assert.deepEqual(lossesOfLender(json), []);
                // The comparison notices one unit, whatever it is of.
                for (const { name, real: other } of falsehoods(real)) {
                    assert.ok(differences(json, other).length > 0, `${name} is not noticed`);
                }
            });
        });
    }

    test("no shock changes nothing", async () => {
        await world.chain.onSnapshot(async () => {
            const lenders = [world.lenders.v36, world.lenders.usdc];
            const accounts = await enterAccounts(world, { seed: `${seed} calm`, lenders, count: 40 });
            const json = await predict(accounts, rulesOf(world, { sell: "to-debt", lenders }));
            const real = { shock: { sold: [], prices: [] }, rounds: [], accounts: await readHealths(accounts) };
            assert.deepEqual(differences(json, real), []);
        });
    });

    test("what a playbook supposes beside is in the answer", async () => {
        await world.chain.onSnapshot(async () => {
            const lenders = [world.lenders.v36, world.lenders.usdc];
            const accounts = await enterAccounts(world, { seed: `${seed} supposed`, lenders, count: 20, scale: 0.1 });
            const playbook = {
                ...rulesOf(world, { sell: "to-debt", lenders }),
                price: fallOf(500),
                rules: ['range = "own"', "blocks_per_round = 5", "horizon_blocks = 400"],
                more: [
                    '[[cascade.venue]]\nasset = "WETH"\ninto = "USDC"\nassumed = "square-root"',
                    'daily_volume_usd = "900000000"\ndaily_volatility_bps = 350\ny = "0.8"',
                    '[[cascade.path]]\nblock = 300\nprice = { "ETH/USD" = "-12%" }',
                    '[cascade.liquidators]\nonly_when_paying = false\ncapital_usd = "50000"',
                ],
            };
            const own = accounts.slice(0, 1).map(({ wallet }) => wallet);
            const json = await predict(accounts, playbook, { own });
            assert.equal(json.range.policies.length, 8);
            const { least, greatest } = json.range.accounts;
            assert.ok(least <= greatest && greatest > 0);
            for (const { factor, by_policy, worst_move } of json.own.filter((row) => row.cascade_move !== null)) {
                assert.equal(by_policy.length, 8, factor);
                const moves = by_policy.map(({ cascade_move }) => cascade_move).filter((move) => move !== null);
                assert.equal(Number(worst_move), Math.max(...moves.map(Number)));
            }
            assert.ok(json.rounds.some(({ block, outside }) => block < 300 && outside.length > 0), "the path moves pools");
            assert.ok(json.rounds.every(({ block }) => block < 400));
            assert.equal(json.losses, null);
            // Dollars that are repaid in a round are the purse's, and no more.
            const repaid = json.rounds[0].liquidations
                .filter(({ ok, debt }) => ok && debt === "USDC")
                .reduce((sum, { repaid_raw }) => sum + BigInt(repaid_raw), 0n);
            assert.ok(repaid <= 50_100_000_000n, String(repaid));
            const assumed = Object.values(json.assumptions).join("\n");
            assert.match(assumed, /assumed square-root law: the price falls by 0.8 \* 3.5 % \* sqrt\(sold/);
            assert.match(assumed, /\$50000 of all liquidators/);
        });
    });

    test("the adjusted price is where own accounts really fall, and before it they do not", async (context) => {
        await world.chain.onSnapshot(async () => {
            const lenders = Object.values(world.lenders);
            const setting = { seed: `${seed} own`, lenders, count: 60, scale: 0.7, least: 8200 };
            const accounts = await enterAccounts(world, setting);
            const playbook = rulesOf(world, { sell: "to-debt", lenders });
            const own = accounts.slice(0, OWN).map(({ wallet }) => wallet);
            const { own: rows } = await predict(accounts, { ...playbook, price: fallOf(100) }, { own });
            const adjusted = rows.filter(({ cascade_move }) => cascade_move !== null);
            const bpsOf = (move) => Math.round(-Number(move) * 10_000);

            const fallen = new Map();
            /// Who really falls after an outside move, and, where it is asked for, that it is as forecast.
            async function fallenAt(move, { isCompared = false } = {}) {
                if (!fallen.has(move)) {
                    const real = await happen(accounts, playbook, await salesDownTo(move));
                    if (isCompared) {
                        const own = [world.lender];
                        const json = await predict(accounts, { ...playbook, price: fallOf(move) }, { own });
                        assert.deepEqual(differences(json, real).slice(0, 5), []);
                    }
                    const done = real.rounds.flatMap(({ liquidations }) => liquidations).filter(({ ok }) => ok);
                    fallen.set(move, new Set(done.map(({ wallet, market }) => `${wallet} ${market}`)));
                }
                return fallen.get(move);
            }

            let [earlier, smaller] = [0, 0];
            for (const row of adjusted) {
                const bps = bpsOf(row.cascade_move);
                assert.ok(bps <= bpsOf(row.naive_move));
                if (bps < bpsOf(row.naive_move)) earlier++;
                const name = `${row.wallet.toLowerCase()} ${row.market}`;
                assert.ok((await fallenAt(bps, { isCompared: true })).has(name), `${name} at ${bps}`);
                for (const move of movesBefore(bps)) {
                    assert.ok(!(await fallenAt(move)).has(name), `${name} at ${move}, before ${bps}`);
                    smaller++;
                }
            }
            context.diagnostic(
                `${adjusted.length} own accounts, ${earlier} fall before their own price; ${smaller} smaller moves ` +
                    `do not liquidate them, ${fallen.size} different cascades really happened`,
            );
            assert.equal(adjusted.length, OWN, JSON.stringify(rows.map(({ naive_move, cascade_move }) => [naive_move, cascade_move])));
            assert.ok(earlier > 0, "nobody falls earlier than alone");
        });
    });
});

/// Where our part of what was written off is not what our claim lost: Morpho takes it from lenders at once, in shares
/// that round by a unit or two.
function lossesOfLender({ lent }) {
    return lent
        .filter(({ protocol }) => protocol === "morpho_blue")
        .map(({ symbol, own_before_raw, own_raw, own_loss_raw }) => {
            const lost = BigInt(own_before_raw) - BigInt(own_raw);
            return { symbol, lost, told: BigInt(own_loss_raw), off: lost - BigInt(own_loss_raw) };
        })
        .filter(({ off }) => off < 0n || off > 2n);
}

/// One basis point less, and twenty smaller moves; of coarse steps first, which accounts share.
function movesBefore(bps) {
    const moves = new Set();
    for (const step of [25, 5, 1]) {
        for (let move = Math.floor((bps - 2) / step) * step; move > 0 && moves.size < SMALLER; move -= step) moves.add(move);
    }
    return bps > 1 ? [bps - 1, ...moves] : [];
}
