// What an audit costs in requests, and that a node's limits change the requests but never the report.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { isProgram } from "../lib/programs.mjs";
import { RawReply, roundsOf, startProxy } from "../lib/proxy.mjs";
import { innerCalls } from "../lib/tamper.mjs";

const MANY = 1000,
    FEW = 10;

// Asking every token of every wallet took 55 kB and 72 calls for each. What is left are calls for what has no list: the
// account's bits and e-mode in two markets, the native coin, and on average 3.7 for debts, of which these wallets have
// many: a variable debt is one call, in 3.0 a borrowed reserve takes three more for stable debt.
const BYTES_PER_WALLET = 7_500,
    CALLS_PER_WALLET = 9;

// Slow enough that what is sent together overlaps here, however busy the machine is.
const slowly = async (request, forward) => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    return forward(request);
};

describe("requests of an audit", { skip }, () => {
    let devnet, block, plain;

    before(async () => {
        devnet = await startDevnet({ wallets: 530, observations: 1 });
        block = devnet.observations[0].number;
        assert.ok(devnet.wallets.length >= MANY);
        plain = await auditThrough(slowly, MANY);
    });
    after(() => devnet?.stop());

    async function auditThrough(hook, count) {
        const proxy = await startProxy(devnet.rpcUrl, hook);
        try {
            const config = writeConfig(devnet.configToml({ rpc: proxy.url }));
            const report = await audit(config, devnet.wallets.slice(0, count), { block });
            return { report: substance(report), ...cost(proxy.log) };
        } finally {
            await proxy.stop();
        }
    }

    test(`${MANY} wallets take as many rounds as ${FEW}`, async (context) => {
        const few = await auditThrough(slowly, FEW);
        for (const [count, { rounds, requests, bytes, asked, repeated }] of [
            [FEW, few],
            [MANY, plain],
        ]) {
            context.diagnostic(
                `${count} wallets: ${rounds} rounds, ${requests} requests, ${Math.round(bytes / count)} bytes per wallet, ` +
                    `${asked} calls of which ${repeated} were asked before`,
            );
        }
        assert.equal(plain.rounds, few.rounds);
        assert.ok(few.requests <= 3 * few.rounds, "so few wallets need hardly any splitting");
        // What all wallets share is in both.
        const more = MANY - FEW;
        const bytesEach = (plain.bytes - few.bytes) / more,
            callsEach = (plain.asked - few.asked) / more;
        context.diagnostic(`each wallet more: ${Math.round(bytesEach)} bytes, ${callsEach.toFixed(1)} calls`);
        assert.ok(bytesEach < BYTES_PER_WALLET, `${bytesEach} bytes per wallet`);
        assert.ok(callsEach < CALLS_PER_WALLET, `${callsEach} calls per wallet`);
    });

    test("the same wallets at the block that they were read at are not asked about again", async () => {
        const proxy = await startProxy(devnet.rpcUrl);
        try {
            const config = writeConfig(devnet.configToml({ rpc: proxy.url }));
            const cache = temporaryFolder();
            const read = async (wallets, args = []) => {
                const before = proxy.log.length;
                const all = ["audit", ...wallets, "--config", config, "--cache", cache, "--json", "--verbose", ...args];
                const { json, stderr } = await margrave(all);
                assert.ok(json, stderr);
                return { json, stderr, requests: proxy.log.length - before };
            };
            const many = devnet.wallets.slice(0, MANY);
            const first = await read(many);
            const second = await read(many);
            assert.ok(first.requests > 5);
            assert.equal(second.requests, 1);
            assert.match(second.stderr, /whose reading was kept/);
            assert.deepEqual(second.json, first.json);
            // Other wallets, other questions, and who wants to see it again.
            assert.ok((await read(many.slice(1, FEW))).requests > 5);
            assert.ok((await read(many, ["--quorum", "1"])).requests > 5);
            assert.ok((await read(many, ["--verify"])).requests > 5);
            assert.equal((await read(many)).requests, 1);
            // A kept file that is no reading any more is none; the next block is another one.
            const folder = path.join(cache, "readings");
            assert.equal(fs.statSync(folder).mode & 0o077, 0);
            for (const name of fs.readdirSync(folder)) fs.writeFileSync(path.join(folder, name), "{}");
            const again = await read(many);
            assert.ok(again.requests > 5);
            assert.deepEqual(again.json, first.json);
            await devnet.chain.mine();
            const later = await read(many);
            assert.ok(later.requests <= 5);
            assert.match(later.stderr, /answers of block \d+ stood/);
            assert.equal(Number(later.json.chains[0].block.number), Number(first.json.chains[0].block.number) + 1);
        } finally {
            await proxy.stop();
        }
    });

    test("--verbose says as many requests as rounds and splits", async () => {
        const config = writeConfig(devnet.configToml());
        const { stderr } = await margrave(
            ["audit", ...devnet.wallets.slice(0, MANY), "--config", config, "--block", String(block), "--json", "--verbose"],
        );
        const [, rounds, requests, splits, retries] = stderr
            .match(/(\d+) rounds, (\d+) requests with \d+ calls, (\d+) splits, (\d+) retries/)
            .map(Number);
        assert.equal(rounds, plain.rounds);
        assert.equal(requests, rounds + splits + retries);
    });

    test("a node that runs no programs gives the same report", async (context) => {
        let refused = 0;
        const refuse = (request, forward) => {
            if (!isProgram(request)) return forward(request);
            refused++;
            return { jsonrpc: "2.0", id: request.id, error: { code: -32000, message: "contract creation is disabled" } };
        };
        const limited = await auditThrough(refuse, MANY);
        context.diagnostic(`${refused} refusals, ${limited.requests} requests`);
        assert.ok(refused > 0);
        assert.deepEqual(limited.report, plain.report);
    });

    test("a node that refuses large requests gives the same report", async (context) => {
        let refused = 0;
        const refuseLarge = (request, forward, { bytes }) => {
            if (bytes <= 50_000) return forward(request);
            refused++;
            return new RawReply({ status: 413, body: "request entity too large" });
        };
        const limited = await auditThrough(refuseLarge, MANY);
        context.diagnostic(`${refused} refusals, ${limited.requests} requests`);
        assert.ok(refused > 0);
        assert.deepEqual(limited.report, plain.report);
    });

    test("a node that runs out of gas on long aggregates gives the same report", async (context) => {
        let refused = 0;
        const runOut = (request) => {
            refused++;
            return { jsonrpc: "2.0", id: request.id, error: { code: -32000, message: "out of gas" } };
        };
        const tooLong = (request) =>
            request.method === "eth_call" && innerCalls(request.params[0].data ?? request.params[0].input).length > 100;
        const stingy = async (request, forward) => {
            if (!Array.isArray(request)) return tooLong(request) ? runOut(request) : forward(request);
            const allowed = request.filter((one) => !tooLong(one));
            const answers = allowed.length ? await forward(allowed) : [];
            return [...answers, ...request.filter(tooLong).map(runOut)];
        };
        const limited = await auditThrough(stingy, MANY);
        context.diagnostic(`${refused} refusals, ${limited.requests} requests`);
        assert.ok(refused > 0);
        assert.deepEqual(limited.report, plain.report);
    });
});

function cost(log) {
    const bytes = log.reduce((sum, { requestBytes, replyBytes }) => sum + requestBytes + replyBytes, 0);
    const calls = log
        .flatMap(({ request }) => [request].flat())
        .filter(({ method }) => method === "eth_call")
        .flatMap(callsOf);
    const asked = calls.length,
        repeated = asked - new Set(calls).size;
    return { rounds: roundsOf(log), requests: log.length, bytes, asked, repeated };
}

function callsOf({ params: [{ to, data, input }] }) {
    const inner = innerCalls(data ?? input);
    return inner.length ? inner.map(({ target, callData }) => target + callData) : [to + (data ?? input)];
}

// Without what describes the reading rather than what was read.
function substance({ schema, chains, accounts, holdings, exposure, gaps }) {
    const blocks = chains.map(({ chain, chain_id, block }) => ({ chain, chain_id, block }));
    return { schema, blocks, accounts, holdings, exposure, gaps };
}
