// Several endpoints at once: what one of three makes up is outvoted and named, what nobody wins is unknown, and whoever
// fails is left for the next. And what no endpoint may do to margrave: fill its memory, keep it for ever.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import zlib from "node:zlib";

import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { RawReply, changing, startProxy } from "../lib/proxy.mjs";

const honest = (request, forward) => forward(request);
const isCall = ({ method }) => method === "eth_call";
const error = (id, code, message) => ({ jsonrpc: "2.0", id, error: { code, message } });

/// A hook that changes answers to calls one by one.
const change = (change) => changing((answer, request) => (isCall(request) ? change(answer, request) : answer));
/// One more in the last digit of every word that ends like an amount.
const oneMore = (hex) =>
    "0x" + hex.slice(2).replace(/.{64}/g, (word) => (/^0{24,50}[1-9a-f].*[1-8a-e]$/.test(word) ? word.slice(0, 63) + (parseInt(word[63], 16) + 1).toString(16) : word));

describe("margrave with several endpoints", { skip, concurrency: false }, () => {
    let devnet, wallet, truth;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1 });
        wallet = devnet.scenario.find(({ label }) => label === "healthy").address;
        const alone = await run(["audit", wallet, "--json"], [honest]);
        assert.equal(alone.code, 0, alone.stderr);
        truth = alone.json;
    });
    after(() => devnet?.stop());

    const configFor = (urls) =>
        writeConfig(devnet.configToml().replace(/rpc = .*\n/, `rpc = [${urls.map((url) => JSON.stringify(url)).join(", ")}]\n`));

    /// Runs margrave with a proxy for each hook.
    async function run(args, hooks) {
        const proxies = await Promise.all(hooks.map((hook) => startProxy(devnet.rpcUrl, hook)));
        try {
            const file = configFor(proxies.map(({ url }) => url));
            const outcome = await margrave([...args, "--config", file, "--timeout", "6"]);
            return { ...outcome, hosts: proxies.map(({ url }) => new URL(url).host) };
        } finally {
            await Promise.all(proxies.map((proxy) => proxy.stop()));
        }
    }
    const audit = (hooks, quorum) => run(["audit", wallet, "--json", "--quorum", String(quorum)], hooks);

    test("two of three agree", async () => {
        const { code, json, stderr } = await audit([honest, honest, honest], 2);
        assert.equal(code, 0, stderr);
        assert.deepEqual(json.accounts, truth.accounts);
        assert.equal(json.chains[0].endpoints_agreeing, 2);
        assert.deepEqual(json.chains[0].disagreements, []);
        assert.equal(truth.chains[0].endpoints_agreeing, 1);
    });

    test("a quorum of more endpoints than there are is a mistake of the user", async () => {
        const { code, stderr } = await audit([honest, honest], 3);
        assert.equal(code, 2);
        assert.match(stderr, /3 endpoints must agree.*names 2/);
    });

    // Each told first by the one that is asked first.
    const LIES = {
        "amounts and prices": change((answer) => (answer.result ? { ...answer, result: oneMore(answer.result) } : answer)),
        "a revert": change((_, { id }) => error(id, 3, "execution reverted")),
        "no data": change((answer) => ({ ...answer, result: "0x" })),
        "another block": async (request, forward) =>
            isCall(request) ? forward({ ...request, params: [request.params[0], "0x" + (Number(truth.chains[0].block.number) - 1).toString(16)] }) : forward(request),
        "a block of its own": async (request, forward) => {
            const answers = await forward(request);
            const forge = (answer) =>
                answer.result?.hash ? { ...answer, result: { ...answer.result, hash: "0x" + "e".repeat(64), number: "0xffffff" } } : answer;
            return Array.isArray(answers) ? answers.map(forge) : forge(answers);
        },
        "another chain": async (request, forward) => {
            const answer = await forward(request);
            return request.method === "eth_chainId" ? { ...answer, result: "0x1" } : answer;
        },
        silence: () => new Promise(() => {}),
        "HTML": () => new RawReply({ status: 200, body: "<html>welcome</html>" }),
        "a rate limit": () => new RawReply({ status: 429, headers: { "retry-after": "86400" }, body: "slow down" }),
    };
    /// Told as what endpoints say, and as what became of them.
    const SAID = ["amounts and prices", "a revert", "no data", "a block of its own"];
    const BECAME = { "another chain": "passed over: wrong_chain", silence: "slow", HTML: "passed over: bad_reply", "a rate limit": "passed over: rate_limited" };
    for (const [name, lie] of Object.entries(LIES)) {
        test(`one of three tells ${name}: the report is the truth`, async () => {
            const { code, json, stderr, hosts } = await audit([lie, honest, honest], 2);
            assert.equal(code, 0, stderr);
            assert.deepEqual(json.accounts, truth.accounts);
            assert.deepEqual(json.holdings, truth.holdings);
            if (name in BECAME) assert.match(stderr, new RegExp(`${hosts[0]} is ${BECAME[name]}`));
            if (SAID.includes(name)) {
                assert.ok(json.chains[0].disagreements.some((line) => line.includes(hosts[0])), stderr);
                assert.match(stderr, new RegExp(`endpoints disagree: .*${hosts[0]}`));
            }
        });
    }

    test("one of two tells other amounts: unknown, with both named", async () => {
        const { code, json, stderr, hosts } = await audit([honest, LIES["amounts and prices"]], 2);
        assert.ok(code === 3 || code === 4, `${code} ${stderr}`);
        for (const account of json.accounts) assert.equal(account.status, "unknown");
        const gap = json.gaps.find(({ kind }) => kind === "no_agreement");
        assert.ok(gap, JSON.stringify(json.gaps));
        assert.ok(hosts.every((host) => gap.detail.includes(host)), gap.detail);
    });

    test("an endpoint that dies while it is read is left for the next", async () => {
        const dying = (request, forward, { socket }) => {
            if (!isCall(request)) return forward(request);
            socket.destroy();
            return null;
        };
        const { code, json, stderr, hosts } = await audit([dying, honest], 1);
        assert.equal(code, 0, stderr);
        assert.deepEqual(json.accounts, truth.accounts);
        assert.match(stderr, new RegExp(`${hosts[0]} is passed over: unreachable`));
    });

    test("an endpoint that falls silent while it is read does not use up the time", async () => {
        const silent = (request, forward) => (isCall(request) ? new Promise(() => {}) : forward(request));
        const begin = performance.now();
        const { code, json, stderr } = await audit([silent, honest], 1);
        assert.equal(code, 0, stderr);
        assert.deepEqual(json.accounts, truth.accounts);
        assert.ok(performance.now() - begin < 5_000);
    });

    // Address space, not only what is used: twice the largest reply, and the program with its libraries.
    const MEMORY_KB = 700_000;
    const HOSTILE = {
        "100 MB": (outgoing) => {
            outgoing.writeHead(200, { "content-type": "application/json" });
            const chunk = Buffer.alloc(1 << 20, " ");
            for (let i = 0; i < 100; i++) outgoing.write(chunk);
            outgoing.end();
        },
        "a gzip bomb": (outgoing) => {
            outgoing.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
            outgoing.end(BOMB);
        },
        "JSON that is 100,000 deep": (outgoing) => outgoing.end("[".repeat(100_000) + "]".repeat(100_000)),
        "objects that are 100,000 deep": (outgoing) => outgoing.end('{"result":'.repeat(100_000) + "1" + "}".repeat(100_000)),
        "a byte a second": (outgoing) => {
            outgoing.writeHead(200, { "content-type": "application/json" });
            const timer = setInterval(() => outgoing.write(" "), 1000);
            outgoing.on("close", () => clearInterval(timer));
        },
        "redirects without end": (outgoing, incoming) => {
            outgoing.writeHead(307, { location: incoming.url + "x" });
            outgoing.end();
        },
        "headers without end": (outgoing) => {
            const timer = setInterval(() => outgoing.socket?.write("X-More: " + "y".repeat(8000) + "\r\n"), 1);
            outgoing.socket.write("HTTP/1.1 200 OK\r\n");
            outgoing.socket.on("close", () => clearInterval(timer));
        },
    };
    const BOMB = zlib.gzipSync(Buffer.alloc(300 << 20, " "), { level: 9 });

    for (const [name, answer] of Object.entries(HOSTILE)) {
        test(`${name} ends within the deadline and ${MEMORY_KB / 1000} MB`, async () => {
            const server = http.createServer((incoming, outgoing) => {
                incoming.resume();
                outgoing.on("error", () => {});
                answer(outgoing, incoming);
            });
            await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
            const file = configFor([`http://127.0.0.1:${server.address().port}/a`]);
            const begin = performance.now();
            try {
                const { code, stderr } = await limited(["audit", wallet, "--config", file, "--timeout", "4"]);
                assert.equal(code, 3, stderr);
                assert.ok(performance.now() - begin < 15_000, `${performance.now() - begin} ms`);
            } finally {
                server.closeAllConnections();
                server.close();
            }
        });
    }

    test("an endpoint that closes or resets every connection is unreachable", async () => {
        const server = net.createServer((socket) => socket.resetAndDestroy());
        await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { code, stderr } = await limited([
            "audit", wallet, "--timeout", "4",
            "--config", configFor([`http://127.0.0.1:${server.address().port}/a`]),
        ]);
        server.close();
        assert.equal(code, 3, stderr);
        assert.match(stderr, /unreachable/);
    });

    /// margrave with so much address space and no more.
    function limited(args) {
        const child = spawn("bash", ["-c", `ulimit -v ${MEMORY_KB}; exec "$MARGRAVE_BIN" "$@"`, "margrave", ...args], {
            stdio: ["ignore", "ignore", "pipe"],
        });
        let stderr = "";
        child.stderr.on("data", (chunk) => (stderr += chunk));
        return new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr })));
    }
});
