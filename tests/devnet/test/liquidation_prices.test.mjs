// Every reported liquidation price, put to the contracts: the answer fails the health check, its neighbour towards
// today's passes, and so do others in between; where none is reported, none within a million times fails.
// MARGRAVE_LONG=1 asks more, MARGRAVE_SEED another history.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { HEALTH, accountDataAt, firstWhere } from "../lib/answers.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { checkLiquidationPrice } from "../lib/liquidation_price_check.mjs";
import { audit, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { contractFindsHealthy, readMorphoTruth } from "../lib/morpho_truth.mjs";
import { Random } from "../lib/random.mjs";
import { Replay, skip as skipReplay } from "../lib/replay.mjs";
import { readMarket } from "../lib/truth.mjs";

const WAD = 10n ** 18n;
const long = process.env.MARGRAVE_LONG === "1";
const wallets = long ? 3000 : 800;
const seed = process.env.MARGRAVE_SEED ?? "margrave";
const ACCOUNTS = long ? Infinity : 500;
const SAMPLES = 200;
// One market of Morpho has an oracle that reverts.
const GAPS = 4;

describe(`liquidation prices, seed "${seed}"`, { concurrency: false }, () => {
    let devnet, morphoNet;
    const truths = {};
    const reports = new Map();
    const snapshots = {};

    before(async () => {
        const options = { seed, wallets, observations: 2 };
        devnet = await startDevnet(options);
        morphoNet = await startDevnet({ ...options, wallets: wallets + 200, aave: false, morpho: true });
        for (const market of devnet.markets) {
            truths[market.name] = await readMarket(devnet.chain, market, devnet.wallets, blockOf(devnet));
        }
        truths.blue = await readMorphoTruth(morphoNet, morphoNet.wallets, blockOf(morphoNet));
        if (skip) return;
        snapshots.aave = await remember(devnet, 0);
        snapshots.morpho = await remember(morphoNet, GAPS);
    });
    after(async () => {
        await devnet?.stop();
        await morphoNet?.stop();
    });

    const blockOf = ({ observations }) => observations[1].number;

    async function remember(net, expectedCode) {
        const config = writeConfig(net.configToml());
        const file = path.join(temporaryFolder(), "snapshot.json");
        // In one go, because not everyone has a gap.
        const options = { block: blockOf(net), expectedCode, chunk: Infinity, options: ["--snapshot-out", file] };
        for (const account of (await audit(config, net.wallets, options)).accounts) {
            reports.set(keyOf(account.market, account.wallet), account);
        }
        return file;
    }

    const keyOf = (market, wallet) => `${market} ${wallet.toLowerCase()}`;

    const marketCalled = (name) => devnet.markets.find((market) => market.name === name);
    const aaveTruths = (name) =>
        truths[name].filter(({ debt, balances }) => debt > 0n && balances.some(({ usable }) => usable));
    const morphoTruths = () => truths.blue.filter(({ debt, price }) => debt > 0n && price !== null && price > 0n);

    // What decides: the contract's own health factor.
    const aavePasses = (market, wallet, reserve) => async (answers) =>
        (await accountDataAt(devnet.chain, market, wallet, reserve, HEALTH, answers, blockOf(devnet))).map(
            (health) => health >= WAD,
        );

    for (const name of ["v30", "v36"]) {
        test(`of Aave ${name} are the first answers that fail`, { skip }, async (context) => {
            const market = marketCalled(name);
            const random = new Random(`${seed} prices of ${name}`);
            const tally = new Tally();
            const accounts = random.shuffled(aaveTruths(name)).slice(0, ACCOUNTS);
            for (const { wallet, balances } of accounts) {
                const rows = rowsOf(reports.get(keyOf(name, wallet)));
                for (const row of balances.filter(counts)) {
                    const reserve = market.reserves.find(({ symbol }) => symbol === row.symbol);
                    const passes = aavePasses(market, wallet, reserve);
                    const facts = { today: row.ownPrice, passes, random };
                    await tally.check(`${wallet} ${row.symbol}`, rows, row.asset, facts);
                }
                tally.nothingElse(wallet, rows);
            }
            tally.settle(context, accounts.length);
        });
    }

    // Enabled collateral, or a debt.
    const counts = ({ usable, supplied, variable, stable }) => (usable && supplied > 0n) || variable || stable;

    test("of Morpho Blue are the first answers that fail", { skip }, async (context) => {
        const random = new Random(`${seed} prices of Morpho`);
        const tally = new Tally();
        const accounts = random.shuffled(morphoTruths()).slice(0, ACCOUNTS);
        for (const account of accounts) {
            const { market, wallet, price: today, collateral } = account;
            const rows = rowsOf(reports.get(keyOf(market.id, wallet)));
            const passes = (prices) => contractFindsHealthy(morphoNet, account, blockOf(morphoNet), prices);
            const what = `${wallet} ${market.label}`;
            if (collateral) await tally.check(what, rows, market.params.collateralToken, { today, passes, random });
            tally.nothingElse(what, rows);
        }
        tally.settle(context, accounts.length);
    });

    // What doubles are sure of, beside the exact check of every account: today, and at one answer after another moved.
    async function screen(replay, market, answers, random, sums) {
        for (let move = 0; move <= 20; ++move) {
            const found = await replay.ask({ screen: { market } });
            assert.deepEqual(found.wrong, [], `${market} after ${move} moves`);
            for (const [verdict, count] of Object.entries(sums)) sums[verdict] = count + Number(found[verdict]);
            const [asset, today] = random.pick([...answers]);
            const value = BigInt(Math.ceil(Number(today) * random.logBetween(0.5, 2)));
            await replay.ask({ answer: { market, asset, value } });
        }
    }

    for (const protocol of ["aave", "morpho"]) {
        test(`of many ${protocol} accounts, doubles are sure of what is so`, { skip: skip || skipReplay }, async (context) => {
            const random = new Random(`${seed} book of ${protocol}`);
            const answers = new Map();
            const add = (market, asset, price) =>
                answers.set(market, (answers.get(market) ?? new Map()).set(asset, price));
            if (protocol === "aave") {
                for (const { name } of devnet.markets)
                    for (const { balances } of aaveTruths(name))
                        for (const { asset, ownPrice } of balances) add(name, asset, ownPrice);
            } else {
                for (const { market, price } of morphoTruths()) add(market.id, market.params.collateralToken, price);
            }
            const replay = new Replay(snapshots[protocol]);
            const sums = { healthy: 0, liquidatable: 0, asked: 0 };
            for (const [market, prices] of answers) await screen(replay, market, prices, random, sums);
            replay.stop();
            context.diagnostic(JSON.stringify(sums));
            assert.ok(sums.healthy > 1000 && sums.liquidatable > 100, JSON.stringify(sums));
        });
    }

    test("the check finds a price that is off by one, missing or made up", async () => {
        const random = new Random(seed);
        const market = marketCalled("v36");
        const simple = aaveTruths("v36").filter(({ healthFactor, balances }) => {
            const [owed, posted] = [
                balances.filter(({ variable }) => variable),
                balances.filter(({ usable }) => usable),
            ];
            const apart = owed.length === 1 && posted.length === 1 && balances.length === 2;
            return apart && owed[0] !== posted[0] && healthFactor > WAD && healthFactor < 100n * WAD;
        });
        assert.ok(simple.length >= 10);
        for (const { wallet, balances } of simple.slice(0, 10)) {
            const row = balances.find(({ usable }) => usable);
            const reserve = market.reserves.find(({ symbol }) => symbol === row.symbol);
            const passes = aavePasses(market, wallet, reserve);
            const price = (await firstWhere(0n, row.price, passes)) - 1n;
            const check = (reported) =>
                checkLiquidationPrice({ today: row.price, price: reported, passes, samples: SAMPLES, random });
            assert.deepEqual(await check(price), []);
            for (const wrong of [price + 1n, price - 1n, row.price, null, row.price * 2n]) {
                assert.notEqual((await check(wrong)).length, 0, `${wrong} in place of ${price}`);
            }
        }
    });
});

/// A report's prices by asset; checked rows are taken out.
function rowsOf(report) {
    return new Map((report?.liquidation_prices ?? []).map((row) => [row.asset.toLowerCase(), row]));
}

class Tally {
    #problems = [];
    #found = 0;
    #none = 0;

    async check(what, rows, asset, { today, passes, random }) {
        const row = rows.get(asset.toLowerCase());
        rows.delete(asset.toLowerCase());
        const price = row ? BigInt(row.oracle_price_raw) : null;
        if (row) this.#found++;
        else this.#none++;
        const problems = await checkLiquidationPrice({ today, price, passes, samples: SAMPLES, random });
        if (row) problems.push(...distanceProblems(row, today));
        this.#problems.push(...problems.map((problem) => `${what}: ${problem}`));
    }

    nothingElse(what, rows) {
        for (const { symbol } of rows.values()) this.#problems.push(`${what}: a price for ${symbol}, which is neither`);
    }

    settle(context, accounts) {
        const counts = `${accounts} accounts, ${this.#found} prices, ${this.#none} without`;
        context.diagnostic(`${counts}, ${this.#problems.length} problems`);
        assert.equal(this.#problems.length, 0, this.#problems.slice(0, 30).join("\n"));
        assert.ok(accounts >= 500, "there are too few accounts");
    }
}

// price / today − 1, to at least six digits.
function distanceProblems({ distance, oracle_price_raw }, today) {
    const exact = Number(BigInt(oracle_price_raw) - today) / Number(today);
    return Math.abs(Number(distance) - exact) <= 1e-6 * Math.max(1, Math.abs(exact))
        ? []
        : [`distance ${distance} is not ${exact}`];
}
