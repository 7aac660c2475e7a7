// Backtests against histories that really happened on Aave of both generations and on Morpho Blue: prices fall block by
// block, a script liquidates at once, late or never, and somebody comes later. margrave, from the block before, must find
// exactly what the script wrote down: who, when, how much. MARGRAVE_SEED plays other histories.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { POOL } from "../lib/aave.mjs";
import { History, keyOf, parseWad, rowKey } from "../lib/backtest.mjs";
import { playbookToml } from "../lib/cascade.mjs";
import { enterAccounts, startCascadeWorld } from "../lib/cascade_world.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { changing, startProxy } from "../lib/proxy.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { mintMany } from "../lib/tokens.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const LIQUIDATION_CALL = "0xe413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286";
const MORPHO_LIQUIDATE = "0xa4946ede45d0c6f06a0f5ce92c9ad3b4751452d2fe0e25010783bcab57a67e41";
const PRICES = [2180n, 2120n, 2060n, 1990n];

describe(`backtests, seed "${seed}"`, { skip, concurrency: false }, () => {
    let world, config, folder;

    before(async () => {
        world = await startCascadeWorld(`${seed} backtest`);
        config = writeConfig(world.toml);
        folder = temporaryFolder();
    });
    after(() => world?.devnet.stop());

    /// Of all lenders; `rules` are further lines of [cascade].
    function playbook({ lenders = Object.values(world.lenders), wallets = [], rules = [] }) {
        const file = path.join(folder, "playbook.toml");
        const how = { sell: "to-debt", order: "lowest-health", pair: "largest", venues: [], oracles: [] };
        let text = playbookToml({ ...how, lenders, wallets, rules });
        if (wallets.length === 0) text = text.replace("wallets = []\n", "").replace("own = []\n", "");
        fs.writeFileSync(file, text);
        return file;
    }

    async function backtest(file, { from, to, args = [], codes = [0], url }) {
        const where = url ? ["--rpc", url] : [];
        const span = ["--from", String(from), "--to", String(to)];
        const all = ["cascade", "backtest", "--playbook", file, ...span, "--config", config, ...where, "--quiet", "--json"];
        const outcome = await margrave([...all, ...args]);
        const { code, stderr, json } = outcome;
        assert.ok(codes.includes(code), `${code}: ${stderr}\n${JSON.stringify(json?.gaps ?? null)}\n${json?.red_because}`);
        if (json) assertValid("backtest.schema.json", json);
        return json;
    }

    const newest = async () => Number(await world.chain.rpc("eth_blockNumber"));
    const rowsOf = ({ accounts }, match) => accounts.filter((row) => row.match === match).map(rowKey).sort();

    /// Who, when and how much is as the script has it. What liquidators who come at once take may differ in the last
    /// digits where rates of interest were others: in a history in which somebody comes later, and where a market's rate
    /// model is not one that margrave computes.
    function assertIsHistory(json, expected, { isExact }) {
        assert.deepEqual(rowsOf(json, "both"), [...expected.both].sort());
        assert.deepEqual(rowsOf(json, "missed"), [...expected.missed].sort());
        assert.deepEqual(rowsOf(json, "false"), [...expected.false].sort());
        const both = expected.both.length;
        assert.deepEqual([json.recall.part, json.recall.whole], [both, expected.done.size]);
        assert.deepEqual([json.precision.part, json.precision.whole], [both, expected.due.size]);
        for (const row of json.accounts) {
            const name = rowKey(row);
            const [due, ideal, done] = [expected.due, expected.ideal, expected.done].map((map) => map.get(name));
            if (row.predicted) {
                const { block, timestamp, liquidations, seized_value } = row.predicted;
                assert.deepEqual([block, timestamp, liquidations], [String(due.number), String(due.timestamp), ideal.calls], name);
                const off = parseWad(seized_value) - ideal.value;
                assert.ok(isExact(row) ? off === 0n : (off < 0n ? -off : off) * 10n ** 8n <= ideal.value, `${name}: off by ${off}`);
            }
            if (row.actual) {
                const { block, timestamp, liquidations, seized_value } = row.actual;
                assert.deepEqual([block, timestamp, liquidations], [String(done.number), String(done.timestamp), done.calls], name);
                assert.equal(row.quote ? parseWad(seized_value) : done.value, done.value, name);
            }
            if (row.match === "both") {
                assert.equal(row.lead_blocks, done.number - due.number);
                assert.equal(row.lead_seconds, done.timestamp - due.timestamp);
            }
        }
        assert.deepEqual(json.lead_blocks, spread(expected.leads));
        assert.deepEqual(json.lead_seconds, spread(expected.seconds));
    }

    function assertSums(json, quoteOf) {
        for (const { quote, predicted, actual, difference } of json.values) {
            const sum = (side) =>
                json.accounts
                    .filter((row) => quoteOf(row) === quote && row[side])
                    .reduce((total, row) => total + parseWad(row[side].seized_value), 0n);
            assert.equal(parseWad(predicted), sum("predicted"));
            assert.equal(parseWad(actual), sum("actual"));
            const off = sum("predicted") - sum("actual");
            assert.equal(parseWad(difference), (off * 10n ** 18n) / sum("actual"));
        }
    }

    test("liquidators who come at once are predicted without a miss, to the unit", async (context) => {
        await world.chain.onSnapshot(async () => {
            const lenders = Object.values(world.lenders);
            const setting = { seed: `${seed} at once`, lenders, count: 32, scale: 0.1, least: 8500 };
            const accounts = await enterAccounts(world, setting);
            const history = new History(world, accounts);
            const { number: from } = await history.begin();
            for (const price of PRICES) {
                await history.pass(2);
                await history.moveTo(price);
                await history.liquidateAll();
            }
            const to = await newest();
            const expected = history.expected();
            assert.ok(expected.both.length > 8 && expected.missed.length === 0, `${expected.both.length} fell`);
            const file = playbook({ wallets: accounts.map(({ wallet }) => wallet) });
            const json = await backtest(file, { from, to });
            const modelled = ["v30", "v36", "dai"].map((name) => world.lenders[name].name);
            assertIsHistory(json, expected, { isExact: ({ market }) => modelled.includes(market) });
            assertSums(json, ({ quote }) => quote);
            assert.equal(json.verdict, "green");
            assert.deepEqual(json.values.map(({ quote }) => quote).sort(), ["DAI", "USD", "USDC"]);
            const off = Object.fromEntries(json.values.map(({ quote, difference }) => [quote, Number(difference)]));
            assert.deepEqual([off.USD, off.DAI], [0, 0]);
            assert.ok(Math.abs(off.USDC) < 1e-8);
            assert.deepEqual([json.recall.ratio, json.precision.ratio].map(Number), [1, 1]);
            context.diagnostic(`${expected.both.length} accounts of ${accounts.length} in ${to - from} blocks`);

            // Fewer blocks are looked at, and the blocks of the changes are found all the same.
            const coarse = await backtest(file, { from, to, args: ["--every", "7"] });
            assert.deepEqual(coarse.accounts, json.accounts);
            assert.ok(coarse.prices.blocks < json.prices.blocks && coarse.prices.changes === json.prices.changes);
            const far = await backtest(file, { from, to, args: ["--every", "1000"] });
            assert.deepEqual(far.accounts, json.accounts);

            // Where nothing happened there is nothing to judge.
            const calm = await backtest(file, { from, to: from + 2 });
            assert.equal(calm.verdict, "nothing");
            assert.deepEqual([calm.recall.ratio, calm.precision.ratio, calm.lead_blocks], [null, null, null]);
            assert.deepEqual([calm.accounts, calm.values], [[], []]);

            // Oracles that seem to stand still predict nobody.
            const proxy = await startProxy(world.devnet.rpcUrl, standingStill(world, PRICES));
            try {
                const blind = await backtest(file, { from, to, codes: [1], url: proxy.url });
                assert.equal(blind.verdict, "red");
                assert.deepEqual([blind.recall.part, blind.recall.whole], [0, expected.done.size]);
                assert.equal(blind.precision.ratio, null);
                assert.ok(blind.accounts.every(({ match, reason }) => match === "missed" && reason === "healthy"));
            } finally {
                await proxy.stop();
            }
            // Without their events nobody seems to be liquidated.
            const deaf = await startProxy(world.devnet.rpcUrl, withoutLiquidations);
            try {
                const empty = await backtest(file, { from, to, codes: [1], url: deaf.url });
                assert.equal(empty.verdict, "red");
                assert.deepEqual([empty.precision.part, empty.precision.whole], [0, expected.due.size]);
                assert.equal(empty.recall.ratio, null);
            } finally {
                await deaf.stop();
            }
        });
    });

    test("who comes late, never, or only later is counted to the block", async (context) => {
        await world.chain.onSnapshot(async () => {
            const lenders = Object.values(world.lenders);
            const setting = { seed: `${seed} late`, lenders, count: 32, scale: 0.1, least: 8500 };
            const accounts = await enterAccounts(world, setting);
            const ideal = await world.chain.onSnapshot(async () => {
                const atOnce = new History(world, accounts);
                await atOnce.begin();
                await atOnce.pass(1);
                for (const price of PRICES) {
                    await atOnce.moveTo(price);
                    await atOnce.liquidateAll();
                    await atOnce.pass(3);
                }
                return atOnce.done;
            });
            const history = new History(world, accounts);
            const { number: from } = await history.begin();
            const later = await enterAccounts(world, { ...setting, seed: `${seed} later`, count: 8, least: 9500 });
            history.accounts.push(...later);
            await history.mark();
            const late = [];
            const alone = new Set();
            let saved;
            for (const price of PRICES) {
                await history.moveTo(price);
                const eligible = await history.eligible();
                for (const [i, account] of eligible.entries()) {
                    if (alone.has(account.wallet)) continue;
                    if (alone.size < 3 && i === eligible.length - 1 && ideal.has(keyOf(account))) alone.add(account.wallet);
                    else if (i % 3 === 0) late.push(account);
                    else await history.liquidate(account);
                }
                saved ??= saveOne(world, history, accounts, ideal);
                await history.pass(3);
                for (const account of late.splice(0)) await history.liquidate(account);
            }
            assert.ok(saved, "nobody is saved in time");
            const to = await newest();
            const expected = history.expected(ideal);
            assert.ok(expected.false.length > 0 && expected.missed.length > 0, "nobody is left alone, or comes later");
            assert.ok(new Set(expected.leads).size > 3, "all come at once");
            const everyone = [...accounts, ...later].map(({ wallet }) => wallet);
            const json = await backtest(playbook({ wallets: everyone }), { from, to, codes: [0, 1] });
            const both = expected.both.length;
            assertIsHistory(json, expected, { isExact: () => false });
            const isRed = json.red_because.length > 0;
            assert.equal(json.verdict, isRed ? "red" : "green");
            assert.equal(Number(json.recall.ratio) < 0.9, json.red_because.some((why) => why.includes("not predicted")));
            assert.ok(Number(json.precision.ratio) < 1);
            for (const row of json.accounts) {
                if (row.match === "missed") assert.equal(row.reason, "opened_after");
                const isSaved = row.wallet.toLowerCase() === saved.wallet.toLowerCase();
                if (row.match === "false") assert.equal(row.reason, isSaved ? "acted" : "not_called");
                if (isSaved) assert.equal(row.match, "false");
                assert.equal(row.acted, isSaved || row.match === "missed");
            }
            // Those who came later acted, and the one that was saved, and nobody else did.
            assert.equal(Number(json.recall_untouched.ratio), 1);
            assert.deepEqual([json.precision.whole - json.precision_untouched.whole, json.precision_untouched.part], [1, both]);
            context.diagnostic(
                `${expected.both.length} of ${expected.done.size} predicted, ${expected.false.length} left alone, ` +
                    `lead ${JSON.stringify(json.lead_blocks)} blocks; ${json.verdict}`,
            );

            // The same for a person: whoever is no match is named, with the reason.
            const named = ["cascade", "backtest", "--playbook", playbook({ wallets: everyone }), "--config", config, "--quiet"];
            const { stdout } = await margrave([...named, "--from", String(from), "--to", String(to)]);
            assert.match(stdout, new RegExp(`^Backtest on devnet, from block ${from} .*: ${json.verdict}`));
            const WORDS = { opened_after: "no debt of it was found before", not_called: "nobody called", acted: "it acted, or others for it" };
            for (const { wallet, match, reason } of json.accounts) {
                const pattern = `${wallet} .*${WORDS[reason]}`;
                assert.equal(new RegExp(pattern).test(stdout), match !== "both", wallet);
            }

            // Only wallets that the playbook names count.
            const few = await backtest(playbook({ wallets: accounts.map(({ wallet }) => wallet) }), { from, to, codes: [0, 1] });
            assert.equal(few.recall.whole, expected.both.length);
            const calls = expected.missed.reduce((sum, key) => sum + expected.done.get(key).calls, 0);
            assert.equal(few.unnamed_liquidations, calls);

            // Nobody named: every borrower of these markets, found by events, or out of a book at that block.
            const book = path.join(folder, "before.book");
            const all = lenders.map(({ protocol, name }) => `${protocol}/${name}`).flatMap((name) => ["--market", name]);
            const where = ["--config", config, "--block", String(from), "--quiet", "--json"];
            const { code, stderr } = await margrave(["index", "--book", book, ...all, ...where]);
            assert.ok([0, 4].includes(code), stderr);
            const found = await backtest(playbook({}), { from, to, codes: [0, 1, 4] });
            const rules = [`book = ${JSON.stringify(book)}`];
            // Named twice is no second history.
            const doubled = Object.values(world.lenders).flatMap((lender) => [lender, lender]);
            const twice = await backtest(playbook({ lenders: doubled }), { from, to, codes: [0, 1, 4] });
            assert.deepEqual(twice.accounts, found.accounts);
            const booked = await backtest(playbook({ rules }), { from, to, codes: [0, 1, 4] });
            assert.deepEqual(booked.accounts, found.accounts);
            assert.equal(booked.watched, found.watched);
            assert.ok(found.watched > accounts.length);
            const byKey = new Map(found.accounts.map((row) => [rowKey(row), row]));
            for (const row of json.accounts) {
                const { block } = byKey.get(rowKey(row))[row.actual ? "actual" : "predicted"];
                assert.equal(block, row[row.actual ? "actual" : "predicted"].block);
            }
            const wrong = await margrave(
                ["cascade", "backtest", "--playbook", playbook({ rules }), "--from", String(from + 1), "--to", String(to), "--config", config],
            );
            assert.equal(wrong.code, 2);
            assert.match(wrong.stderr, /the book is of devnet at block \d+, --from is block \d+/);
        });
    });

    test("a node that has forgotten the states is told so, and nothing is judged", async () => {
        const to = await newest();
        const file = playbook({ wallets: [world.lender] });
        const span = ["--from", String(to - 3), "--to", String(to)];
        const kept = await world.chain.rpc("eth_getBlockByNumber", [`0x${(to - 3).toString(16)}`, false]);
        // All of them, or all behind the first.
        for (const isForgotten of [() => true, (call) => !call.includes(kept.hash)]) {
            const proxy = await startProxy(world.devnet.rpcUrl, forgetting(isForgotten));
            const where = ["--config", config, "--rpc", proxy.url, "--quiet"];
            const { code, stdout, stderr } = await margrave(["cascade", "backtest", "--playbook", file, ...span, ...where]);
            await proxy.stop();
            assert.equal(code, 3, stderr);
            assert.equal(stdout, "");
            assert.match(stderr, /missing trie node/);
            assert.match(stderr, /an archive node would have/);
        }
    });

    test("what cannot be asked is told in one line", async () => {
        const file = playbook({ wallets: [world.lender] });
        const to = await newest();
        for (const [args, words] of [
            [["--from", String(to), "--to", String(to)], /--to: block \d+ is not behind --from/],
            [["--from", "1", "--to", "99999999"], /--to: devnet has no block 99999999/],
            [["--from", "then", "--to", String(to)], /--from: /],
            [["--from", "1"], /--to is required/],
            [["--from", "1", "--to", String(to), "--chain", "ethereum"], /the playbook is of devnet/],
        ]) {
            const { code, stderr } = await margrave(["cascade", "backtest", "--playbook", file, "--config", config, ...args]);
            assert.equal(code, 2, stderr);
            assert.match(stderr, words);
            assert.equal(stderr.trim().split("\n").length, 1, stderr);
        }
        const [lender] = Object.values(world.lenders);
        const mistyped = playbook({ lenders: [{ ...lender, name: `${lender.name}x` }], wallets: [world.lender] });
        const args = ["cascade", "backtest", "--playbook", mistyped, "--config", config, "--from", "1", "--to", String(to)];
        const { code, stderr } = await margrave(args);
        assert.equal(code, 2, stderr);
        assert.match(stderr, /has no \S+ deployment named/);
    });
});

/// Queues so much collateral for an account of Aave that would fall later that it does not.
function saveOne({ chain, tokens: { WETH } }, history, accounts, ideal) {
    const account = accounts.find((one) => {
        const due = ideal.get(keyOf(one));
        return one.lender.protocol === "aave_v3" && due?.step >= history.steps.length;
    });
    if (!account) return null;
    const { wallet, lender } = account;
    const amount = 1000n * 10n ** 18n;
    mintMany(chain, WETH, [wallet], [amount]);
    const args = [WETH.address, amount, wallet, 0];
    chain.send({ from: wallet, to: lender.market.pool, abi: POOL, functionName: "supply", args });
    return account;
}

/// The lower of the two in the middle, and the ends.
function spread(values) {
    if (values.length === 0) return null;
    const sorted = [...values].sort((a, b) => a - b);
    return { median: sorted[Math.floor((sorted.length - 1) / 2)], min: sorted[0], max: sorted.at(-1) };
}

const word = (value) => value.toString(16).padStart(64, "0");

/// Puts the first answers in the place of all later ones.
function standingStill({ tokens, lenders }, prices) {
    const BASE = 10n ** 8n;
    const first = 2253n;
    const pairs = prices.flatMap((price) => [
        [price * BASE, first * BASE],
        [(price * BASE * 117n) / 100n, (first * BASE * 117n) / 100n],
        ...[lenders.usdc, lenders.dai].map(({ market: { loan, collateral } }) =>
            [price, first].map((dollars) => dollars * 10n ** BigInt(36 + loan.decimals - collateral.decimals)),
        ),
    ]);
    return async (request, forward) => {
        let text = JSON.stringify(await forward(request));
        for (const [now, before] of pairs) text = text.replaceAll(word(now), word(before));
        return JSON.parse(text);
    };
}

/// Has no state for such calls.
const forgetting = (isForgotten) => async (request, forward) => {
    const answer = await forward(request);
    const calls = Array.isArray(request) ? request : [request];
    const gone = new Set(calls.filter((call) => call.method === "eth_call" && isForgotten(JSON.stringify(call))).map(({ id }) => id));
    const error = { code: -32000, message: "missing trie node 1234 (path ) state is not available" };
    const judged = (one) => (gone.has(one.id) ? { jsonrpc: "2.0", id: one.id, error } : one);
    return Array.isArray(answer) ? answer.map(judged) : judged(answer);
};

const withoutLiquidations = changing((answer, { method, params }) => {
    const isAbout = method === "eth_getLogs" && [LIQUIDATION_CALL, MORPHO_LIQUIDATE].some((topic) => JSON.stringify(params).includes(topic));
    return isAbout ? { ...answer, result: [] } : answer;
});
