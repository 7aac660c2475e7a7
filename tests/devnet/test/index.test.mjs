// The book of whole markets: every borrower that there is and no other, to the unit, however the endpoint limits, forgets
// or leaves out, and however often margrave is killed on the way. MARGRAVE_SEED plays other markets.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { getAddress } from "viem";
import { ERC20, POOL } from "../lib/aave.mjs";
import { aaveRows, killAfter, morphoRows, parseBook } from "../lib/book.mjs";
import { playbookToml } from "../lib/cascade.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { Random } from "../lib/random.mjs";
import { assertValid } from "../lib/schemas.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const KILLS = 25;
const BORROW = "0xb3d084820fb1a9decffb176436bd02558d15fac9b0ddfed8c465bc7359d7dce0";
const GET_USER_CONFIGURATION = "4417a583";
const VARIABLE = 2n;
const MAX = 2n ** 256n - 1n;

const callsOf = (request) => (Array.isArray(request) ? request : [request]);
const failure = (id, code, message) => ({ jsonrpc: "2.0", id, error: { code, message } });

/// A hook that looks at each call with its answer, and may give another.
const answering = (judge) => async (request, forward) => {
    const calls = callsOf(request);
    const answers = callsOf(await forward(request));
    const judged = [];
    for (const [i, call] of calls.entries()) {
        const answer = answers.find(({ id }) => id === call.id) ?? answers[i];
        judged.push((await judge(call, answer)) ?? answer);
    }
    return Array.isArray(request) ? judged : judged[0];
};
const limited = (blocks) =>
    answering(({ id, method, params }) => {
        if (method !== "eth_getLogs") return null;
        const span = Number(params[0].toBlock) - Number(params[0].fromBlock) + 1;
        return span > blocks ? failure(id, -32000, `exceed maximum block range: ${blocks}`) : null;
    });

describe(`the book of whole markets, seed "${seed}"`, { skip, concurrency: false }, () => {
    let devnet, config, unbroken, aave;
    const folder = temporaryFolder();
    let books = 0;
    const newBook = (name) => path.join(folder, `${name}.book`);
    const markets = () => devnet.markets.flatMap(({ name }) => ["--market", `aave_v3/${name}`]);

    before(async () => {
        devnet = await startDevnet({ seed: `${seed} index`, wallets: 150, observations: 2, aave: true, morpho: true });
        aave = devnet.markets;
        await repayAndMove();
        await passBlocks(200); // enough for some of them to be final
        config = writeConfig(devnet.configToml());
        unbroken = await index({ args: markets() });
    });
    after(() => devnet?.stop());

    /// Empty blocks, a second apart.
    async function passBlocks(count) {
        await devnet.chain.rpc("anvil_mine", [`0x${count.toString(16)}`, "0x1"]);
        devnet.chain.time += count;
    }

    /// Indexes into a new book, or `book`, and exports it. Resolves to { code, json, stderr, book, exported, text }.
    async function index({ args = [], book, hook, codes = [0], where = ["--config", config] } = {}) {
        const place = path.join(folder, String(++books));
        const exported = `${place}.txt`;
        book ??= `${place}.book`;
        const proxy = hook ? await startProxy(devnet.rpcUrl, hook) : null;
        try {
            const through = proxy ? ["--rpc", proxy.url, "--chain", "devnet"] : [];
            const all = ["index", "--book", book, ...where, ...through, "--export", exported, "--json", ...args];
            const outcome = await margrave(all);
            assert.ok(codes.includes(outcome.code), `${outcome.code}: ${outcome.stderr}\n${JSON.stringify(outcome.json?.gaps)}`);
            if (outcome.json) assertValid("index.schema.json", outcome.json);
            const text = fs.existsSync(exported) ? fs.readFileSync(exported, "utf8") : "";
            return { ...outcome, book, exported, text, log: proxy?.log };
        } finally {
            await proxy?.stop();
        }
    }

    /// Some borrowers repay in full, some send all of a collateral's aTokens away, some get others'.
    async function repayAndMove() {
        const { chain, markets, wallets } = devnet;
        for (const market of markets) {
            const rows = await aaveRows(chain, market, wallets);
            const borrowers = Object.keys(rows).slice(0, 60);
            for (const [i, borrower] of borrowers.entries()) {
                const from = wallets.find((wallet) => getAddress(wallet) === borrower);
                for (const { asset, aToken } of market.reserves) {
                    if (i % 4 === 0) {
                        const args = [asset, MAX, VARIABLE, from];
                        chain.send({ from, to: market.pool, abi: POOL, functionName: "repay", args });
                    } else if (i % 4 === 1) {
                        const amount = await chain.read({ to: aToken, abi: ERC20, functionName: "balanceOf", args: [from] });
                        const args = [borrowers[(i + 7) % borrowers.length], amount / 50n];
                        if (amount > 50n) chain.send({ from, to: aToken, abi: ERC20, functionName: "transfer", args });
                    }
                }
            }
            await chain.mineTolerantly();
        }
    }

    async function truth(block) {
        const { chain, wallets, blue } = devnet;
        const out = {};
        for (const market of aave) out[`aave_v3/${market.name}`] = await aaveRows(chain, market, wallets, block);
        for (const market of blue.markets) {
            out[`morpho_blue/${market.id}`] = await morphoRows(chain, blue, market, wallets, block);
        }
        return out;
    }
    const sortedRows = (rows) => Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));
    function assertSame(book, expected, names) {
        for (const name of names) {
            assert.deepEqual(sortedRows(book.markets[name] ?? {}), sortedRows(expected[name]), name);
        }
    }

    test("holds every borrower of both generations of Aave, to the unit", async (context) => {
        const { json, exported } = unbroken;
        const expected = await truth();
        const names = aave.map(({ name }) => `aave_v3/${name}`);
        assertSame(parseBook(exported), expected, names);
        assert.deepEqual(json.gaps, []);
        for (const { protocol, market, borrowers, accounts, bytes, sums } of json.markets) {
            assert.equal(borrowers, Object.keys(expected[`${protocol}/${market}`]).length);
            assert.ok(accounts > borrowers, "somebody repaid in full");
            assert.ok(sums.length > 5 && sums.every(({ difference_raw }) => difference_raw === "0"));
            context.diagnostic(`${market}: ${borrowers} borrowers of ${accounts}, ${Math.round(bytes / borrowers)} bytes each`);
        }
        assert.ok(json.markets.reduce((sum, { borrowers }) => sum + borrowers, 0) > 150);
    });

    test("holds every borrower of Morpho, and what cannot be read there is a gap", async () => {
        const { json, exported } = await index({ args: ["--market", `morpho_blue/${devnet.blue.name}`], codes: [4] });
        const names = devnet.blue.markets.map(({ id }) => `morpho_blue/${id}`);
        assertSame(parseBook(exported), await truth(), names);
        const broken = devnet.blue.markets.filter(({ later }) => later === "down").map(({ id }) => id);
        assert.deepEqual([...new Set(json.gaps.map(({ market }) => market))], broken);
        assert.ok(json.markets.every(({ sums }) => sums.every(({ difference_raw }) => difference_raw === "0")));
    });

    test("one market of Morpho is indexed alone", async () => {
        const { id } = devnet.blue.markets[0];
        const { json, exported } = await index({ args: ["--market", `morpho_blue/${id}`] });
        assert.deepEqual(json.markets.map(({ market }) => market), [id]);
        assertSame(parseBook(exported), await truth(), [`morpho_blue/${id}`]);
    });

    test("an exported book is imported as it was", async () => {
        const book = newBook("imported");
        const exported = path.join(folder, "again.txt");
        const read = await margrave(["index", "--book", book, "--import", unbroken.exported, "--export", exported, "--json"]);
        assert.equal(read.code, 0, read.stderr);
        assert.equal(fs.readFileSync(exported, "utf8"), unbroken.text);
        // And goes on from there: nothing is new, so little is asked.
        const { text, json, log } = await index({ book, hook: answering(() => null) });
        assert.equal(text, unbroken.text);
        assert.ok(json.cost.requests > 0 && log.length < 40, `${log.length} requests`);
        const twice = await margrave(["index", "--book", book, "--import", unbroken.exported]);
        assert.equal(twice.code, 2);
    });

    test("an endpoint that takes few blocks in a request gives the same book", async () => {
        let most = 0;
        const { text, log } = await index({ args: markets(), hook: limited(30) });
        for (const { request } of log) {
            for (const { method, params } of callsOf(request)) {
                if (method === "eth_getLogs") most = Math.max(most, Number(params[0].toBlock) - Number(params[0].fromBlock) + 1);
            }
        }
        assert.ok(most > 30);
        assert.equal(text, unbroken.text);
    });

    test("killed at any moment it goes on, and the book is that of an unbroken run", async (context) => {
        const random = new Random(`${seed} kills`);
        const slow = limited(8);
        const proxy = await startProxy(devnet.rpcUrl, async (request, forward) => {
            await new Promise((resolve) => setTimeout(resolve, 15));
            return slow(request, forward);
        });
        const book = newBook("killed");
        const args = ["index", "--book", book, "--config", config, "--rpc", proxy.url, "--chain", "devnet", ...markets()];
        const removeBook = () => ["", "-wal"].forEach((suffix) => fs.rmSync(book + suffix, { force: true }));
        try {
            const begin = performance.now();
            assert.equal((await margrave(args)).code, 0);
            const whole = performance.now() - begin;
            removeBook();
            let kills = 0,
                ends = 0;
            while (kills < KILLS) {
                if (!(await killAfter(random.between(0.02, 0.95) * whole, args))) {
                    kills++;
                    continue;
                }
                ends++;
                assert.equal((await index({ book, args: ["--offline"], where: [] })).text, unbroken.text);
                removeBook();
            }
            assert.equal((await index({ book, args: markets() })).text, unbroken.text);
            context.diagnostic(`${kills} kills, ${ends + 1} runs to the end, a whole run takes ${Math.round(whole)} ms`);
            assert.ok(ends > 0, "killed too early to end once");
        } finally {
            await proxy.stop();
        }
    });

    test("a Borrow event that the endpoint leaves out is a gap of the debt's size", async () => {
        const market = aave[1];
        const rows = await aaveRows(devnet.chain, market, devnet.wallets);
        const [missing, numbers] = Object.entries(rows).find(([, row]) => row.length > 3);
        const topic = `0x${missing.slice(2).toLowerCase().padStart(64, "0")}`;
        const hook = answering(({ method }, answer) =>
            method === "eth_getLogs" && Array.isArray(answer.result)
                ? { ...answer, result: answer.result.filter(({ topics }) => topics[0] !== BORROW || topics[2] !== topic) }
                : null,
        );
        const { json, exported } = await index({ args: ["--market", `aave_v3/${market.name}`], hook, codes: [4] });
        assert.ok(!(missing in parseBook(exported).markets[`aave_v3/${market.name}`]));
        const lacking = json.markets[0].sums.filter(({ difference_raw }) => difference_raw !== "0");
        const owed = [];
        for (let i = 2; i < numbers.length; ) {
            const kinds = numbers[i++] >> 8n;
            if (kinds & 1n) i++;
            if (kinds & 2n) owed.push(numbers[i++]);
        }
        assert.deepEqual(lacking.map(({ difference_raw }) => -BigInt(difference_raw)), owed);
        assert.equal(json.gaps.length, owed.length);
        for (const [i, { detail, kind }] of json.gaps.entries()) {
            assert.equal(kind, "bad_data");
            assert.match(detail, new RegExp(`-${owed[i]}$`));
        }
    });

    /// A round of what people do, in new blocks.
    async function live(count) {
        const { chain, wallets } = devnet;
        for (const market of aave) {
            const rows = Object.keys(await aaveRows(chain, market, wallets));
            for (const [i, borrower] of rows.slice(-count).entries()) {
                const from = wallets.find((wallet) => getAddress(wallet) === borrower);
                for (const { asset, aToken } of market.reserves) {
                    if (i % 3 === 0) {
                        const args = [asset, MAX, VARIABLE, from];
                        chain.send({ from, to: market.pool, abi: POOL, functionName: "repay", args });
                    } else if (i % 3 === 1) {
                        const args = [asset, 1000n + BigInt(i), VARIABLE, 0, from];
                        chain.send({ from, to: market.pool, abi: POOL, functionName: "borrow", args });
                    } else {
                        const args = [rows[0], 1n + BigInt(i)];
                        chain.send({ from, to: aToken, abi: ERC20, functionName: "transfer", args });
                    }
                }
            }
        }
        return chain.mineTolerantly({ seconds: 12 });
    }

    test("a node that forgets the block's state meanwhile: what changed is read again at a later one", async () => {
        await devnet.chain.onSnapshot(async () => {
            const { chain } = devnet;
            // The world goes on while margrave reads accounts, and blocks grow too old for the node: behind the first
            // batch, before anything is read, and when only what accounts share is left.
            const when = [2, 1, 2];
            const readings = new Map();
            const hook = answering(async ({ id, method, params }) => {
                if (method !== "eth_call") return null;
                const hash = params[1]?.blockHash;
                if (JSON.stringify(params).includes(GET_USER_CONFIGURATION)) {
                    readings.set(hash, (readings.get(hash) ?? 0) + 1);
                    if (readings.get(hash) === when[readings.size - 1]) {
                        await live(12);
                        await passBlocks(4);
                    }
                }
                const number = hash ? Number((await chain.rpc("eth_getBlockByHash", [hash, false])).number) : Infinity;
                const head = Number(await chain.rpc("eth_blockNumber"));
                return head - number > 3 ? failure(id, -32000, "missing trie node 0123 (path ) state is not available") : null;
            });
            const { json, exported, stderr } = await index({ args: markets(), hook });
            assert.equal(json.cost.blocks_moved, 3, stderr);
            assert.equal(Number(json.block.number), Number(await chain.rpc("eth_blockNumber")));
            assertSame(parseBook(exported), await truth(), aave.map(({ name }) => `aave_v3/${name}`));
        });
    });

    test("run again later, it reads what has changed and nothing else", async () => {
        await devnet.chain.onSnapshot(async () => {
            const book = newBook("later");
            const first = await index({ book, args: markets(), hook: answering(() => null) });
            await live(6);
            const second = await index({ book, hook: answering(() => null) });
            assertSame(parseBook(second.exported), await truth(), aave.map(({ name }) => `aave_v3/${name}`));
            const bytes = ({ log }) => log.reduce((sum, { requestBytes }) => sum + requestBytes, 0);
            assert.ok(bytes(second) < bytes(first), `${bytes(second)} bytes after ${bytes(first)}`);
            const fresh = await index({ args: markets() });
            assert.equal(second.text, fresh.text);
            // And back again.
            const back = await index({ book, args: ["--block", first.json.block.number] });
            assert.equal(back.text, first.text);
        });
    });

    test("a reorganisation below the book's block is noticed and read anew", async () => {
        const book = newBook("reorganised");
        await devnet.chain.onSnapshot(async () => {
            await live(9);
            await index({ book, args: markets() });
        });
        // As a node that lags looks, too.
        assert.match((await index({ book, codes: [3] })).stderr, /has no block \d+ yet/);
        await devnet.chain.onSnapshot(async () => {
            await devnet.chain.mine({ seconds: 60 });
            await live(3);
            const { text, stderr } = await index({ book });
            assert.match(stderr, /no longer in the chain/);
            assert.equal(text, (await index({ args: markets() })).text);
        });
    });

    test("a cascade over the book is that over the same accounts as wallets", async () => {
        const rows = Object.values(parseBook(unbroken.exported).markets).flatMap((market) => Object.keys(market));
        const own = rows.slice(0, 2);
        const lenders = aave.map(({ name }) => ({ protocol: "aave_v3", name }));
        const rules = { lenders, own, sell: "keep", order: "lowest-health", pair: "largest" };
        const run = async (name, playbook, args = []) => {
            const file = path.join(folder, name);
            fs.writeFileSync(file, playbook);
            const outcome = await margrave(["cascade", "--playbook", file, "--config", config, "--json", ...args]);
            assert.ok(outcome.json, outcome.stderr);
            assertValid("cascade.schema.json", outcome.json);
            return outcome.json;
        };
        const price = { "ETH/USD": "-20%" };
        const toml = playbookToml({ ...rules, wallets: [...new Set(rows)], venues: [], oracles: [], price });
        const block = ["--block", unbroken.json.block.number];
        const byWallets = await run("wallets.toml", toml, block);
        assert.ok(byWallets.final.liquidations > 5);
        const withBook = (file) => toml.replace(/^wallets = .*$/m, `book = ${JSON.stringify(file)}`);
        for (const file of [unbroken.book, unbroken.exported]) {
            const byBook = await run("book.toml", withBook(file));
            for (const key of ["shock", "rounds", "own", "lent"]) assert.deepEqual(byBook[key], byWallets[key], key);
            assert.equal(byBook.final.liquidations, byWallets.final.liquidations);
            assert.deepEqual(byBook.gaps, byWallets.gaps);
        }
        // One market of the two that the book holds, and one that it does not.
        const first = lenders[0].name;
        const one = withBook(unbroken.book).replace(/^markets = .*$/m, `markets = [{ protocol = "aave_v3", market = "${first}" }]`);
        const { final } = await run("one.toml", one);
        assert.deepEqual([...new Set(final.accounts.map(({ market }) => market))], [first]);
        assert.equal(final.accounts.length, Object.keys(parseBook(unbroken.exported).markets[`aave_v3/${first}`]).length);
        const file = path.join(folder, "other.toml");
        fs.writeFileSync(file, one.replaceAll("aave_v3", "morpho_blue").replaceAll(first, devnet.blue.name));
        const refused = await margrave(["cascade", "--playbook", file, "--config", config]);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /holds no morpho_blue/);
    });

    test("a file that is no book, or a damaged one, is refused in one line", async () => {
        const bytes = fs.readFileSync(unbroken.book);
        const damaged = Buffer.from(bytes);
        damaged.fill(0xa5, 4096, 3 * 4096);
        const files = {
            "empty.book": Buffer.alloc(0),
            "nonsense.book": Buffer.from("nonsense"),
            "short.book": bytes.subarray(0, 5000),
            "damaged.book": damaged,
            "changed.txt": Buffer.from(unbroken.text.replace(/1/, "2")),
            "short.txt": Buffer.from(unbroken.text.slice(0, -40)),
        };
        for (const [name, content] of Object.entries(files)) {
            const file = path.join(folder, name);
            fs.writeFileSync(file, content);
            const args = name.endsWith(".txt")
                ? ["index", "--book", path.join(folder, `${name}.book`), "--import", file]
                : ["index", "--book", file, "--offline"];
            const { code, stderr } = await margrave(args);
            assert.equal(code, 2, `${name}: ${code} ${stderr}`);
            assert.equal(stderr.trim().split("\n").length, 1, stderr);
        }
    });
});
