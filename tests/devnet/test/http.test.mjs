// What a running `margrave watch` answers over HTTP, and whom it keeps out.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startDevnet } from "../lib/devnet.mjs";
import { assertDocumented, listen, listening, openapi, parseExposition, raw, valueOf } from "../lib/http.mjs";
import { margrave, skip } from "../lib/margrave.mjs";
import { etherAtPercent } from "../lib/prices.mjs";
import { RawReply, startProxy } from "../lib/proxy.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { HEALTH_RULE, Watch, startReceiver, until, watchConfig } from "../lib/watch.mjs";

const RULES = `${HEALTH_RULE}clear_above = "1.15"
clear_blocks = 2
unknown_after_s = 1
`;
const TOKEN = "c4naryToken0123456789abcdef0123456789";
const bearer = { authorization: `Bearer ${TOKEN}` };
const documentation = readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../docs/http.md"), "utf8");

describe("http", { skip, concurrency: false }, () => {
    let devnet, healthy, price, receiver, proxy, second, cut;
    const running = [];

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 0 });
        healthy = devnet.scenario.find(({ label }) => label === "healthy").address;
        price = etherAtPercent(devnet);
        receiver = await startReceiver();
        proxy = await startProxy(devnet.rpcUrl, async (request, forward) =>
            cut ? new RawReply({ status: 503, body: "gone" }) : forward(request),
        );
        second = await startProxy(devnet.rpcUrl);
    });
    after(async () => {
        await Promise.all(running.map((watch) => watch.stop("SIGKILL")));
        await Promise.all([devnet?.stop(), receiver?.stop(), proxy?.stop(), second?.stop()]);
    });

    /// A watch that listens, once it says where and the first block is evaluated.
    const start = async ({ http = `token = "${TOKEN}"\nhosts = ["monitor.example"]\nready_within_s = 5`, options = ["--listen", "127.0.0.1:0"], isOfTwo = false } = {}) => {
        const one = devnet.configToml({ rpc: `${proxy.url}/v2/c4naryNode` });
        const two = one.replace(/rpc = .*\n/, `rpc = ["${proxy.url}/v2/c4naryNode", "${second.url}"]\nquorum = 2\n`);
        const config = watchConfig(isOfTwo ? two : one, receiver, `${RULES}\n[http]\n${http}\n`);
        const watch = new Watch(config, [healthy], options).start();
        running.push(watch);
        await listening(watch, bearer);
        await until(async () => (await watch.get("/readyz", {})).status === 200, "a watch that is ready");
        return watch;
    };
    const evaluated = (watch, block) =>
        until(
            async () => (await watch.json("/v1/status")).chains.some(({ block: { number } }) => number === String(block.number)),
            `block ${block.number}`,
        );
    const evaluatedByFile = (watch) =>
        until(async () => (await watch.alerts().catch(() => ({ blocks: [] }))).blocks.length > 0, "a block");
    const head = (host, more = "") => `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;

    beforeEach(async () => {
        await Promise.all(running.splice(0).map((watch) => watch.stop("SIGKILL")));
        cut = false;
        receiver.messages.length = receiver.tries.length = 0;
        receiver.mood = () => 200;
        await price(100n);
    });

    test("every path answers as its document says, with and without what it asks for", async () => {
        const watch = await start();
        await price(35n);
        await until(() => receiver.messages.length > 0, "an alert");
        await evaluated(watch, await devnet.chain.mine());
        const asked = Object.keys(openapi.paths).filter((what) => what !== "/v1/events");
        asked.push(`/v1/accounts?wallet=${healthy}`, "/v1/accounts?chain=devnet", "/v1/gaps?chain=devnet");
        for (const what of asked) {
            const answer = await watch.get(what);
            assert.equal(answer.status, 200, what);
            assertDocumented(watch.url + what, answer);
            assert.equal(answer.headers.get("cache-control"), "no-store");
            assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
            assert.equal(answer.headers.get("access-control-allow-origin"), null);
            const bare = await watch.get(what, {});
            assert.equal(bare.status, what.startsWith("/v1/") ? 401 : 200, what);
            assertDocumented(watch.url + what, bare);
        }
        for (const [what, status] of [["/v1/accounts?wallet=0x12", 400], ["/v1/gaps?chain=mars", 404], ["/v1/portfolio?wallet=x", 400]]) {
            const answer = await watch.get(what);
            assert.equal(answer.status, status, what);
            assertDocumented(watch.url + what, answer);
        }
        assert.equal((await watch.get("/v1/wallets")).status, 404);

        // The same as the commands that read the file, and the same accounts as an audit.
        assert.deepEqual(await watch.json("/v1/alerts"), await watch.alerts());
        const status = await watch.json("/v1/status");
        assertValid("status.schema.json", status);
        assert.equal(status.is_watched, true);
        assert.equal(status.alerts.firing, 1);
        const { json } = await margrave(["status", "--store", watch.store, "--json"]);
        assertValid("status.schema.json", json);
        const timeless = ({ at, chains, ...rest }) => ({ ...rest, chains: chains.map(({ age_s, ...chain }) => chain) });
        assert.deepEqual(timeless(json), timeless(status));
        const accounts = await watch.json("/v1/accounts");
        const audit = await margrave(["audit", healthy, "--json", "--config", watch.config, "--block", accounts.chains[0].block.number]);
        assert.deepEqual(accounts.accounts, audit.json.accounts);
        assert.deepEqual(accounts.gaps, audit.json.gaps);
        const [portfolio] = (await watch.json("/v1/portfolio")).portfolios;
        assert.deepEqual(portfolio.portfolio, audit.json.portfolio);
        assert.deepEqual(portfolio.totals, audit.json.totals);
        assert.equal(await watch.stop(), 0);
        const text = await margrave(["status", "--store", watch.store]);
        assert.equal(text.code, 0, text.stderr);
        assert.match(text.stdout, /Nobody watches with this file now\.\ndevnet: block \d+ of .* ago\n  all wallets \(1\) with every block\nAlerts: 1 firing/);
    });

    test("events: a price falls on chain, and who listens sees the block and the alert that the channel is sent", async () => {
        const watch = await start();
        const stream = await listen(`${watch.url}/v1/events`, bearer);
        assert.equal(stream.status, 200);
        assert.equal(stream.type, "text/event-stream");
        const low = await price(35n);
        await until(() => stream.events.some(({ event }) => event === "alert"), "an alert");
        const { data, id } = stream.events.find(({ event }) => event === "alert");
        assertValid("alert.schema.json", data);
        assert.equal(data.kind, "fire");
        assert.equal(data.block.number, String(low.number));
        await until(() => receiver.messages.length > 0, "the same on the channel");
        const { id: key, ...sent } = receiver.messages[0];
        assert.deepEqual(sent, data);
        await until(() => stream.events.some(({ event, data: { number } }) => event === "block" && number === String(low.number)), "the block");
        stream.stop();
        // Who comes back misses nothing; of another run it cannot be said.
        await evaluated(watch, await devnet.chain.mine());
        const again = await listen(`${watch.url}/v1/events`, { ...bearer, "last-event-id": id });
        await until(() => again.events.length >= 2, "what came meanwhile");
        assert.ok(again.events.every(({ event }) => event === "block"));
        again.stop();
        const other = await listen(`${watch.url}/v1/events`, { ...bearer, "last-event-id": "1-1" });
        await until(() => other.events.length > 0, "a gap");
        assert.equal(other.events[0].event, "gap");
        // It ends with the watch, at once.
        const begun = performance.now();
        assert.equal(await watch.stop(), 0);
        await other.ended;
        assert.ok(performance.now() - begun < 5_000);
    });

    test("readyz turns when the node is cut, and back; healthz knows that a restart would not help", async () => {
        const watch = await start();
        cut = true;
        await until(async () => valueOf(await watch.metrics(), "margrave_chain_readable", { chain: "devnet" }) === 0, "a chain that is not readable");
        assert.equal((await watch.get("/healthz", {})).status, 200);
        await until(async () => (await watch.get("/readyz", {})).status === 503, "a watch that is not ready");
        const answer = await watch.get("/readyz", {});
        assertDocumented(`${watch.url}/readyz`, answer);
        const { ok, failing } = JSON.parse(answer.body);
        assert.equal(ok, false);
        assert.match(failing.join(), /^chain devnet: not read for \d+ s$/);
        const seen = await watch.metrics();
        assert.ok(valueOf(seen, "margrave_reading_failures_total", { chain: "devnet", kind: "server_fault" }) > 0);
        const failed = Object.entries(seen.series).filter(([key, value]) => /^margrave_rpc_requests_total\{.*outcome="failed"/.test(key) && value > 0);
        assert.ok(failed.length > 0 && failed.every(([key]) => key.includes('endpoint="devnet-1"')), String(failed));
        assert.equal(valueOf(seen, "margrave_rpc_endpoint_state", { endpoint: "devnet-1", state: "distrusted" }), 1);
        cut = false;
        await until(async () => (await watch.get("/readyz", {})).status === 200, "a watch that is ready again");
        assert.equal(valueOf(await watch.metrics(), "margrave_chain_readable", { chain: "devnet" }), 1);
        await watch.stop();
    });

    test("a message that waits is seen in the figures, and that it was tried again", async () => {
        const watch = await start();
        receiver.mood = () => 503;
        await price(35n);
        const pending = async () => valueOf(await watch.metrics(), "margrave_outbox_pending", { channel: "ops", lane: "urgent" });
        await until(async () => (await pending()) === 1, "a message that waits");
        const oldest = valueOf(await watch.metrics(), "margrave_outbox_oldest_timestamp_seconds", { channel: "ops", lane: "urgent" });
        assert.ok(Math.abs(Date.now() / 1000 - oldest) < 30);
        assert.equal((await watch.json("/v1/status")).outbox[0].lane, "urgent");
        await until(async () => valueOf(await watch.metrics(), "margrave_notifications_total", { channel: "ops", outcome: "later" }) > 0, "a try");
        receiver.mood = () => 200;
        await until(async () => (await pending()) === 0, "its delivery", { timeoutMs: 90_000 });
        const seen = await watch.metrics();
        assert.equal(valueOf(seen, "margrave_notifications_total", { channel: "ops", outcome: "delivered" }), 1);
        await watch.stop();
    });

    test("metrics and their documentation name the same, of the same kind and with the same labels", async () => {
        const watch = await start({ isOfTwo: true });
        receiver.mood = () => 503; // something waits, so that every family has a series
        await price(35n);
        await until(async () => valueOf(await watch.metrics(), "margrave_outbox_oldest_timestamp_seconds") > 0, "a message that waits");
        // Whole reports take their time.
        await until(async () => (await watch.metrics()).types.margrave_oracle_age_seconds, "a whole report");
        const { types, help, series } = await watch.metrics();
        const rows = [...documentation.matchAll(/^\| `((?:margrave|process)_\w+)` \| (\w+) \|([^|]*)\|/gm)];
        const documented = Object.fromEntries(rows.map(([, name, kind, labels]) => [name, { kind, labels: labels.split(",").map((label) => label.trim()).filter(Boolean).sort() }]));
        // Nothing else prices what the account has.
        assert.deepEqual([...Object.keys(types), "margrave_oracle_divergence_ratio"].sort(), Object.keys(documented).sort());
        for (const [name, kind] of Object.entries(types)) {
            assert.equal(kind, documented[name].kind, name);
            assert.ok(help[name]?.length > 10, `${name} says what it is`);
            const own = Object.keys(series).filter((key) => key.replace(/\{.*/, "").replace(kind === "histogram" ? /_(bucket|sum|count)$/ : /$^/, "") === name);
            assert.ok(own.length > 0, `${name} has a series`);
            for (const key of own) {
                const labels = [...key.matchAll(/[{,](\w+)="/g)].map(([, label]) => label).filter((label) => label !== "le").sort();
                assert.deepEqual(labels, documented[name].labels, key);
            }
        }
        // Of wallets, hashes and hosts there is no series.
        assert.doesNotMatch(Object.keys(series).join("\n"), /0x[0-9a-fA-F]{8}|127\.0\.0\.1/);
        await watch.stop();
    });

    test("who would rather have OpenMetrics gets the same figures in it", async () => {
        const watch = await start();
        const plain = await watch.get("/metrics", {});
        assert.match(plain.type, /^text\/plain; version=0\.0\.4/);
        const open = await watch.get("/metrics", { accept: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5" });
        assertDocumented(`${watch.url}/metrics`, open);
        assert.match(open.type, /^application\/openmetrics-text; version=1\.0\.0/);
        assert.equal(open.headers.get("vary"), "Accept");
        assert.ok(open.body.endsWith("\n# EOF\n"));
        const names = (text) => new Set(Object.keys(parseExposition(text.replace("# EOF\n", "").replaceAll('.0"', '"')).series));
        assert.deepEqual([...names(open.body)].sort(), [...names(plain.body)].sort());
        await watch.stop();
    });

    test("a name that was made to lead here is refused, and so is a page of another origin", async () => {
        const watch = await start();
        const status = async (bytes) => Number((await raw(watch.port, bytes)).text.split(" ")[1]);
        for (const host of [`localhost:${watch.port}`, `LOCALHOST.:${watch.port}`, `127.0.0.1:${watch.port}`, `[::1]:${watch.port}`, "monitor.example", `monitor.example:${watch.port}`]) {
            assert.equal(await status(head(host)), 200, host);
        }
        for (const host of [`rebound.example:${watch.port}`, "localhost", "localhost:1", `127.0.0.2:${watch.port}`, `user@localhost:${watch.port}`, ""]) {
            assert.equal(await status(head(host)), 421, host);
        }
        const own = `localhost:${watch.port}`;
        assert.equal(await status(head(own, `Host: ${own}\r\n`)), 421);
        assert.equal(await status(`GET /metrics HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n`), 421);
        assert.equal(await status(head(own, "Origin: https://evil.example\r\n")), 403);
        assert.equal(await status(head(own, "Origin: null\r\n")), 403);
        assert.equal(await status(head(own, `Origin: http://${own}\r\n`)), 200);
        assert.equal(await status(`POST /healthz HTTP/1.1\r\nHost: ${own}\r\nContent-Length: 5\r\n\r\nhello`), 405);
        assert.equal(await status(`GET /healthz HTTP/1.1\r\nHost: ${own}\r\nContent-Length: 5\r\n\r\nhello`), 413);
        assert.equal(await status(`GET /healthz HTTP/1.1\r\nHost: ${own}\r\nX: ${"x".repeat(20_000)}\r\n\r\n`), 431);
        assert.equal(await status("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), 400);
        await watch.stop();
    });

    test("slow clients and many connections keep neither others nor the watch waiting", async () => {
        const watch = await start();
        const own = `localhost:${watch.port}`;
        const slow = raw(watch.port, "", { pieces: [...`GET /healthz HTTP/1.1\r\nHost: ${own}\r\nX: ${"x".repeat(200)}`], pauseMs: 100 });
        const many = Array.from({ length: 200 }, () => net.connect(watch.port, "127.0.0.1"));
        for (const socket of many) socket.on("error", () => {});
        await Promise.all(many.map((socket) => new Promise((resolve) => (socket.connecting ? socket.once("connect", resolve).once("close", resolve) : resolve()))));
        for (let i = 0; i < 20; ++i) {
            const begun = performance.now();
            assert.equal((await raw(watch.port, head(own))).text.split(" ")[1], "200");
            assert.ok(performance.now() - begun < 2_000);
        }
        const next = await devnet.chain.mine();
        await evaluated(watch, next);
        for (const socket of many) socket.destroy();
        const { text, ms } = await slow;
        assert.equal(text, "");
        assert.ok(ms < 15_000, `${ms} ms`);
        assert.equal((await watch.get("/readyz", {})).status, 200);
        await watch.stop();
    });

    test("tokens and keys are in no answer and no line, whatever goes wrong", async () => {
        const watch = await start();
        cut = true;
        receiver.mood = () => 503;
        await until(async () => valueOf(await watch.metrics(), "margrave_chain_readable") === 0, "a chain that is not readable");
        const stream = await listen(`${watch.url}/v1/events`, bearer);
        const texts = [];
        for (const what of [...Object.keys(openapi.paths).filter((path) => path !== "/v1/events"), "/nothing", "/v1/nothing", `/v1/status?token=${TOKEN}`]) {
            for (const headers of [bearer, {}, { authorization: `Bearer ${TOKEN}x` }]) {
                const answer = await watch.get(what, headers);
                texts.push(answer.body, JSON.stringify([...answer.headers]));
            }
        }
        texts.push((await raw(watch.port, `GET /${TOKEN} HTTP/1.1\r\nHost: ${TOKEN}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`)).text);
        stream.stop();
        await watch.stop();
        texts.push(watch.stdout, watch.stderr, JSON.stringify(stream.events), readFileSync(watch.store, "latin1"));
        for (const canary of [TOKEN, "c4naryNode", "k-e-y", receiver.secret, receiver.secret.slice(6)]) {
            for (const text of texts) assert.ok(!text.includes(canary), `${canary} in ${text.slice(0, 2000)}`);
        }
        const { stdout, stderr } = await margrave(["check-config", "--config", watch.config]);
        assert.ok(!(stdout + stderr).includes(TOKEN));
    });

    test("without a token only the open paths are there; without an address nothing listens", async () => {
        const watch = await start({ http: "" });
        assert.equal((await watch.get("/healthz", {})).status, 200);
        assert.equal((await watch.get("/metrics", {})).status, 200);
        assert.equal((await watch.get("/v1/status")).status, 401);
        await watch.stop();
        const config = watchConfig(devnet.configToml({ rpc: proxy.url }), receiver, RULES);
        const silent = new Watch(config, [healthy]).start();
        running.push(silent);
        await evaluatedByFile(silent);
        assert.doesNotMatch(silent.stderr, /listening/);
        await silent.stop();
    });
    test("one line where it may not listen", async () => {
        const refused = async (http, options, what) => {
            const config = watchConfig(devnet.configToml({ rpc: proxy.url }), receiver, `${RULES}\n[http]\n${http}\n`);
            const watch = new Watch(config, [healthy], options).start();
            running.push(watch);
            assert.equal(await watch.gone, 2, watch.stderr);
            const lines = watch.stderr.trim().split("\n").filter((line) => !/watching \d+ wallets/.test(line));
            assert.equal(lines.length, 1, watch.stderr);
            assert.match(lines[0], what);
        };
        await refused("", ["--listen", "0.0.0.0:0"], /--listen: other machines reach 0\.0\.0\.0: set `token`/);
        await refused(`listen = "0.0.0.0:0"\ntoken = "${TOKEN}"`, [], /devnet\.toml:\d+: key `listen`: other machines/);
        await refused(`listen = "127.0.0.1:0"\ntoken = "short"`, [], /key `token`: a token is at least 32/);
        const taken = net.createServer().listen(0, "127.0.0.1");
        await new Promise((resolve) => taken.once("listening", resolve));
        await refused("", ["--listen", `127.0.0.1:${taken.address().port}`], /cannot listen on 127\.0\.0\.1 port \d+: .*in use/);
        taken.close();
    });

    test("a reload keeps the address, moves to a new one, or is refused where that cannot be had", async (t) => {
        const watch = await start({ http: `listen = "127.0.0.1:0"\ntoken = "${TOKEN}"`, options: [] });
        const text = readFileSync(watch.config, "utf8");
        const reload = async (listen, said) => {
            writeFileSync(watch.config, text.replace("127.0.0.1:0", listen));
            const before = watch.stderr.length;
            watch.child.kill("SIGHUP");
            await until(() => said.test(watch.stderr.slice(before)), said.source);
        };
        const taken = net.createServer().listen(0, "127.0.0.1");
        t.after(() => taken.listening && taken.close());
        await new Promise((resolve) => taken.once("listening", resolve));
        await reload(`127.0.0.1:${taken.address().port}`, /is not reloaded, the one before goes on: cannot listen on 127\.0\.0\.1 .*in use/);
        assert.equal((await watch.get("/healthz", {})).status, 200); // at the port that it had
        const before = await watch.metrics();
        assert.equal(valueOf(before, "margrave_config_last_reload_successful"), 0);
        const second = valueOf(before, "margrave_config_last_reload_success_timestamp_seconds");
        await until(() => Date.now() / 1_000 >= second + 1, "a second that can be told from that one");
        await reload("127.0.0.1:0", /the configuration is reloaded/);
        assert.equal((await watch.get("/healthz", {})).status, 200); // no less
        const seen = await watch.metrics();
        assert.equal(valueOf(seen, "margrave_config_last_reload_successful"), 1);
        assert.equal(valueOf(seen, "margrave_start_time_seconds"), valueOf(before, "margrave_start_time_seconds"));
        assert.ok(valueOf(seen, "margrave_config_last_reload_success_timestamp_seconds") > second);
        await new Promise((resolve) => taken.close(resolve));
        await reload("127.0.0.2:0", /listening on http:\/\/127\.0\.0\.2:\d+/);
        const moved = Number(/listening on http:\/\/127\.0\.0\.2:(\d+)/.exec(watch.stderr)[1]);
        const answer = await fetch(`http://127.0.0.2:${moved}/healthz`);
        assert.equal(answer.status, 200);
        assert.equal(await watch.stop(), 0);
    });

    test("where other machines reach it, figures and reasons are for who shows the token", async () => {
        const config = watchConfig(
            devnet.configToml({ rpc: `${proxy.url}/v2/c4naryNode` }),
            receiver,
            `${RULES}\n[http]\nlisten = "0.0.0.0:0"\nbehind_tls_proxy = true\ntoken = "${TOKEN}"\nready_within_s = 1\n`,
        );
        const watch = new Watch(config, [healthy]).start();
        running.push(watch);
        const port = await until(() => /listening on http:\/\/0\.0\.0\.0:(\d+)/.exec(watch.stderr)?.[1], "an address");
        const get = (target, headers) => fetch(`http://127.0.0.1:${port}${target}`, { headers });
        assert.equal((await get("/metrics")).status, 401);
        assert.equal((await get("/metrics", bearer)).status, 200);
        await until(async () => (await get("/readyz")).status === 200, "a watch that is ready");
        assert.deepEqual(await (await get("/readyz")).json(), { ok: true });
        cut = true;
        await until(async () => (await get("/readyz")).status === 503, "a watch that is not");
        assert.deepEqual(await (await get("/readyz")).json(), { ok: false });
        assert.match((await (await get("/readyz", bearer)).json()).failing[0], /chain devnet: not read for/);
    });
});
