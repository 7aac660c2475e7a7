// What margrave makes of endpoints that fail or lie and of contracts that are broken: one clear line, the right exit code,
// a named gap where only a part is affected, and never a healthy account that depends on what is missing.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { RawReply, startProxy } from "../lib/proxy.mjs";
import { own } from "../lib/tokens.mjs";

const SECRET = "s3cr3t-k3y";
const HTML = "<html><head><title>502 Bad Gateway</title></head><body>openresty</body></html>";

const json = (body) => new RawReply({ headers: { "content-type": "application/json" }, body });
const isCall = (request) => !Array.isArray(request) && request.method === "eth_call";
/// A hook that leaves the first question (chain id and block) alone and spoils the calls.
const spoilCalls = (spoil) => async (request, forward) =>
    isCall(request) ? spoil(request, forward) : forward(request);
const forEach = (request, change) => (Array.isArray(request) ? request.map(change) : change(request));
const error = (id, code, message) => ({ jsonrpc: "2.0", id, error: { code, message } });

describe("margrave audit of a faulty world", { skip, concurrency: false }, () => {
    let devnet, healthy, block;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1 });
        healthy = devnet.scenario.find(({ label }) => label === "healthy").address;
        block = Number(devnet.observations[0].number);
    });
    after(() => devnet?.stop());

    const config = (options = {}) => writeConfig(devnet.configToml(options));

    async function audit(args, file) {
        const outcome = await margrave(["audit", ...args, "--config", file, "--json", "--timeout", "4"]);
        assert.ok(!(outcome.stdout + outcome.stderr).includes(SECRET), "a key is never printed");
        return outcome;
    }

    // Through a proxy whose URL holds a key.
    async function auditThrough(hook, args = [healthy]) {
        const proxy = await startProxy(devnet.rpcUrl, hook);
        try {
            return await audit(args, config({ rpc: `${proxy.url}/v2/${SECRET}?key=${SECRET}` }));
        } finally {
            await proxy.stop();
        }
    }

    function assertOneLine({ code, stdout, stderr }, expected, pattern) {
        assert.equal(code, expected, stderr + stdout);
        assert.equal(stdout, "", "nothing but the error is printed");
        assert.match(stderr, pattern);
        assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }

    function assertUnreadable({ code, stderr, json }, kind) {
        assert.equal(code, 3, stderr);
        assert.deepEqual(json.accounts, []);
        assert.ok(json.gaps.some((gap) => gap.chain === "devnet" && gap.kind === kind), JSON.stringify(json.gaps));
        assert.match(stderr, /devnet/);
    }

    function assertAllUnknown({ code, json, stderr }, kind) {
        assert.ok(code === 4 || code === 3, `${code}: ${stderr}`);
        assert.ok(json.gaps.some((gap) => gap.kind === kind), JSON.stringify(json.gaps));
        for (const account of json.accounts) assert.equal(account.status, "unknown");
    }

    test("a malformed address", async () => {
        assertOneLine(await audit(["0x1234"], config()), 2, /0x1234/);
    });
    test("a wrong checksum shows the right spelling", async () => {
        const wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD".replace("5aA", "5AA");
        assertOneLine(await audit([wrong], config()), 2, /0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed/);
    });
    test("an unknown chain", async () => {
        assertOneLine(await audit([healthy, "--chain", "devent"], config()), 2, /devent.*devnet/s);
    });
    test("no endpoint", async () => {
        const toml = devnet.configToml().replace(/rpc = .*\n/, "");
        assertOneLine(await audit([healthy], writeConfig(toml)), 2, /devnet.*rpc|rpc.*devnet/s);
    });
    test("an unknown key in the configuration names file, line and the nearest key", async () => {
        const file = writeConfig(devnet.configToml().replace("multicall3", "multical3"));
        assertOneLine(await audit([healthy], file), 2, /:5: .*multical3.*multicall3/s);
    });
    test("a block that does not exist", async () => {
        assertOneLine(await audit([healthy, "--block", "99999999"], config()), 2, /99999999/);
    });
    test("a dead endpoint", async () => {
        assertUnreadable(await audit([healthy], config({ rpc: `http://127.0.0.1:1/${SECRET}` })), "unreachable");
    });
    test("an endpoint that never answers", async () => {
        const outcome = await auditThrough(() => new Promise((resolve) => setTimeout(resolve, 8000, {})));
        assertUnreadable(outcome, "timeout");
    });
    test("an endpoint of another chain", async () => {
        const outcome = await auditThrough(async (request, forward) => {
            const answers = await forward(request);
            return forEach(answers, (answer) => (answer.result === "0x7a69" ? { ...answer, result: "0x1" } : answer));
        });
        assertUnreadable(outcome, "wrong_chain");
    });
    test("HTML in place of JSON", async () => {
        assertUnreadable(await auditThrough(() => new RawReply({ status: 200, body: HTML })), "bad_reply");
        assertUnreadable(await auditThrough(() => new RawReply({ status: 502, body: HTML })), "server_fault");
    });
    test("a refused key", async () => {
        const refused = () => json(JSON.stringify(error(null, -32600, `Must be authenticated! ${SECRET} is no key`)));
        assertUnreadable(await auditThrough(refused), "unauthorized");
    });
    test("a truncated reply", async () => {
        const cut = async (request, forward) => {
            const body = JSON.stringify(await forward(request));
            return json(body.slice(0, body.length / 2));
        };
        assertUnreadable(await auditThrough(cut), "bad_reply");
        assertAllUnknown(await auditThrough(spoilCalls(cut)), "bad_reply");
    });
    test("a batch with a missing id, one with foreign ids and one with swapped ids", async () => {
        const missing = async (request, forward) =>
            Array.isArray(request) ? (await forward(request)).slice(1) : forward(request);
        const asked = await auditThrough(missing);
        assert.equal(asked.code, 0, `what was missing is asked again: ${asked.stderr}`);
        const foreign = async (request, forward) =>
            forEach(await forward(request), (answer) => ({ ...answer, id: answer.id + 1_000_000 }));
        assertUnreadable(await auditThrough(foreign), "bad_reply");
        const swapped = async (request, forward) => {
            const answers = await forward(request);
            if (!Array.isArray(request)) return answers;
            const ids = answers.map(({ id }) => id).reverse();
            return answers.map((answer, i) => ({ ...answer, id: ids[i] }));
        };
        // The chain id stands where the block should: no shape fits.
        assertUnreadable(await auditThrough(swapped), "bad_reply");
    });
    test("a shuffled batch is answered by id", async () => {
        const shuffled = async (request, forward) =>
            Array.isArray(request) ? (await forward(request)).reverse() : forward(request);
        const outcome = await auditThrough(shuffled);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.equal(outcome.json.accounts[0].status, "healthy");
    });
    test("JSON-RPC errors", async () => {
        const failing = (code, message) =>
            spoilCalls((request) => error(request.id, code, message));
        assertAllUnknown(await auditThrough(failing(-32005, "daily request count exceeded, request rate limited")), "rate_limited");
        assertAllUnknown(await auditThrough(failing(-32000, "missing trie node 288259a5 (path )")), "missing_state");
        assertAllUnknown(await auditThrough(failing(-32000, "execution aborted (timeout = 5s)")), "execution_timeout");
    });
    test("a passing fault is tried again", async () => {
        let failures = 2;
        const outcome = await auditThrough((request, forward) =>
            failures-- > 0 ? new RawReply({ status: 503, body: "busy" }) : forward(request),
        );
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.equal(outcome.json.gaps.length, 0);
    });
    test("a node that executes on another block than the one asked for", async () => {
        const elsewhere = (request, forward) =>
            forward({ ...request, params: [request.params[0], "0x" + (block - 2).toString(16)] });
        assertAllUnknown(await auditThrough(spoilCalls(elsewhere)), "wrong_block");
    });
    test("a node without EIP-1898 is read by number, and says so", async () => {
        const byNumberOnly = spoilCalls((request, forward) =>
            typeof request.params[1] === "string"
                ? forward(request)
                : error(request.id, -32602, "invalid argument 1: hex string without 0x prefix"),
        );
        const outcome = await auditThrough(byNumberOnly);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.equal(outcome.json.chains[0].pinned_by_hash, false);
        assert.equal(outcome.json.accounts[0].status, "healthy");
    });
    test("a provider address without code", async () => {
        const provider = /pool_addresses_provider = "(0x\w+)"/.exec(devnet.configToml())[1];
        const file = writeConfig(devnet.configToml().replace(provider, "0x000000000000000000000000000000000000dEaD"));
        const outcome = await audit([healthy], file);
        assert.equal(outcome.code, 4, outcome.stderr);
        assert.ok(outcome.json.gaps.some(({ market, kind, wallet }) => market === "v30" && kind === "empty_reply" && !wallet));
        assert.ok(outcome.json.accounts.every(({ market }) => market === "v36"));
    });
    test("a pool of an unknown revision", async () => {
        const shipped = fs.readFileSync(new URL("../../../config/protocols/aave_v3.toml", import.meta.url), "utf8");
        assert.match(shipped, /revision = 1\n/);
        const revision = "0x" + "0".repeat(62) + "63";
        const outcome = await auditThrough(async (request, forward) => {
            const answer = await forward(request);
            // 10 is the revision of the 3.6 pool; the aggregate is searched for a lone word that says so.
            const ten = "0".repeat(63) + "a";
            const length = "0".repeat(62) + "20";
            if (!isCall(request) || !request.params[0].data.includes("0148170e")) return answer;
            return { ...answer, result: answer.result.replace(length + ten, length + revision.slice(2)) };
        });
        assert.equal(outcome.code, 4, outcome.stderr);
        const gap = outcome.json.gaps.find(({ kind }) => kind === "unknown_revision");
        assert.match(gap.detail, /99/);
        assert.ok(outcome.json.accounts.every(({ market }) => market !== gap.market));
    });

    describe("an oracle", () => {
        const setFeed = async (functionName, argument) => {
            const { feed } = devnet.tokens.WETH;
            devnet.chain.send({ to: feed, abi: own("Feed").abi, functionName, args: [argument] });
            await devnet.chain.mine();
        };

        async function assertUnknownWithGap() {
            const outcome = await audit([healthy], config());
            assert.equal(outcome.code, 4, outcome.stderr);
            const account = outcome.json.accounts.find(({ legs }) => legs.some(({ symbol }) => symbol === "WETH"));
            assert.equal(account.status, "unknown");
            assert.equal(account.health_factor_raw, null);
            assert.ok(outcome.json.gaps.some(({ kind, detail }) => kind === "no_price" && /WETH/.test(detail)));
        }

        test("that reverts leaves health unknown", async () => {
            await setFeed("setReverting", true);
            await assertUnknownWithGap();
            await setFeed("setReverting", false);
        });
        test("that answers 0 leaves health unknown", async () => {
            await setFeed("set", 0n);
            await assertUnknownWithGap();
            await setFeed("set", devnet.tokens.WETH.price);
        });
        test("that is whole again gives health again", async () => {
            const outcome = await audit([healthy, "--verify"], config());
            assert.equal(outcome.code, 0, outcome.stderr);
        });
    });

    test("a snapshot that was tampered with is refused", async () => {
        const file = path.join(temporaryFolder(), "snapshot.json");
        assert.equal((await audit([healthy, "--snapshot-out", file], config())).code, 0);
        fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"liquidity_index"', '"liquidity_indeks"'));
        const outcome = await margrave(["audit", "--snapshot", file, "--json"]);
        assertOneLine(outcome, 2, /liquidity_index/);
    });
});
