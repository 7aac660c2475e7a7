// `margrave watch` over real pools: it tells of what the contracts say, once, whatever dies in between.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { getAddress, parseUnits } from "viem";
import { margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { until, watchConfig, withConfig } from "../lib/watch.mjs";
import { HEALTH_RULE, startWatchWorld } from "../lib/watch_world.mjs";

const isLatest = ({ method, params }) => method === "eth_getBlockByNumber" && params[0] === "latest";

describe("watch", { skip, concurrency: false }, () => {
    let world, devnet, healthy, other, receiver, proxy, watch, fall, rise, healthOf, told, evaluated;

    before(async () => {
        world = await startWatchWorld();
        ({ devnet, healthy, other, receiver, proxy, watch, fall, rise, healthOf, told, evaluated } = world);
    });
    after(() => world?.stop());
    beforeEach(() => world.reset());

    test("a price falls on chain, the alert says what the pool says; it rises, and the alert resolves", async () => {
        const started = watch();
        const begin = await devnet.chain.rpc("eth_blockNumber");
        await evaluated(started, BigInt(begin));
        assert.deepEqual(receiver.messages, []);

        const low = await fall();
        const [fired] = await told("fire");
        const onChain = await healthOf(healthy, BigInt(low.number));
        assert.ok(onChain < 11n * 10n ** 17n && onChain > 0n);
        assert.equal(parseUnits(fired.value, 18), onChain, "to the wei");
        assert.equal(fired.wallet, getAddress(healthy));
        assert.equal(fired.severity, "critical");
        assert.equal(fired.block.number, String(low.number));
        assert.equal(fired.block.hash, (await devnet.client.getBlock({ blockNumber: BigInt(low.number) })).hash);
        assert.match(fired.summary, /critical fire health devnet aave_v3\/v36 0x/);
        const { id, ...body } = fired;
        assert.match(id, /^[0-9a-f]{32}$/);
        assertValid("alert.schema.json", body);
        assertValid("alerts.schema.json", await started.alerts());
        const { alerts } = await started.alerts();
        assert.deepEqual(alerts.map(({ phase, value }) => [phase, value]), [["firing", fired.value]]);
        // The line that reproduces it does.
        const [, ...words] = withConfig(fired.reproduce, started.config).split(" ");
        const again = await margrave([...words, "--json"]);
        const account = again.json.accounts.find(({ wallet, market }) => wallet === fired.wallet && market === fired.market);
        assert.equal(account.health_factor, fired.value);

        const high = await rise();
        await evaluated(started, high.number);
        assert.equal((await started.alerts()).alerts[0].phase, "recovering");
        await devnet.chain.mine();
        const last = await devnet.chain.mine();
        const [resolved] = await told("resolve");
        assert.equal(resolved.block.number, String(last.number), "two blocks later, not before");
        assert.equal(receiver.messages.length, 2);
        assert.deepEqual(receiver.forged, []);
        assert.equal(await started.stop(), 0);
        assert.doesNotMatch(started.stdout + started.stderr, /k-e-y|whsec_/);
    });

    test("what happened while nobody watched is found block by block", async () => {
        const started = watch();
        const begin = await devnet.chain.mine();
        await evaluated(started, begin.number);
        assert.equal(await started.stop("SIGKILL"), "SIGKILL");
        const low = await fall(); // for this one block
        await rise();
        await devnet.chain.mine();
        await devnet.chain.mine();
        started.start();
        const [fired] = await told("fire");
        const [resolved] = await told("resolve");
        assert.equal(fired.block.number, String(low.number));
        assert.equal(BigInt(resolved.block.number), BigInt(low.number) + 3n);
        assert.equal(await started.stop(), 0);
    });

    test("killed fifty times, with a receiver that fails: every transition once, in order", { timeout: 1_200_000 }, async () => {
        const started = watch();
        const begin = await devnet.chain.mine();
        await evaluated(started, begin.number);
        let dice = 7;
        const chance = (n) => {
            dice = (dice * 1103515245 + 12345) % 2147483648;
            return Math.floor(dice / 65536) % n; // the low bits repeat too soon
        };
        receiver.mood = () => (chance(3) === 0 ? 503 : 200);
        const kills = process.env.MARGRAVE_LONG ? 500 : 50;
        const lows = [];
        for (let killed = 0; killed < kills; ) {
            for (const move of [async () => lows.push(String((await fall()).number)), rise, () => devnet.chain.mine(), () => devnet.chain.mine()]) {
                await move();
                await new Promise((resolve) => setTimeout(resolve, chance(200)));
                if (chance(4) !== 0) {
                    await started.stop("SIGKILL");
                    started.start();
                    ++killed;
                }
            }
            // Who is 64 blocks behind says so, and goes on at the head.
            if (lows.length % 10 === 0) await evaluated(started, (await devnet.chain.mine()).number);
        }
        const falls = lows.length;
        // Hundreds wait, one behind the other: if every third failed now, too, a second or more for each.
        receiver.mood = () => 200;
        const isDone = async () => receiver.messages.length >= 2 * falls && (await started.alerts()).waiting.length === 0;
        await until(isDone, "the last delivery", { timeoutMs: 120_000 });
        assert.deepEqual(
            receiver.messages.map(({ kind, episode }) => [kind, episode]),
            Array.from({ length: falls }, (_, i) => [["fire", i + 1], ["resolve", i + 1]]).flat(),
        );
        const keys = new Set(receiver.messages.map(({ id }) => id));
        assert.equal(keys.size, 2 * falls);
        assert.ok(receiver.tries.length > keys.size, "some were tried again");
        // No block was skipped: each fall lasted for one block, and is told of that one.
        assert.deepEqual(receiver.messages.filter(({ kind }) => kind === "fire").map(({ block }) => block.number), lows);
        // Nor is what was told of ever lost, whenever the watch was killed behind the telling.
        for (const { block } of receiver.messages.filter(({ reproduce_stored }) => reproduce_stored)) {
            const kept = await started.command("alerts", "snapshot", block.hash);
            assert.equal(kept.code, 0, kept.stderr);
        }
        assert.equal(await started.stop(), 0);
    });

    test("a receiver that hangs keeps no block waiting; what it refuses for good is kept and shown", async () => {
        const started = watch();
        const begin = await devnet.chain.mine();
        await evaluated(started, begin.number);
        receiver.mood = () => "hang";
        await fall();
        await until(() => receiver.tries.length > 0, "a try");
        const next = await devnet.chain.mine();
        const begun = performance.now();
        await evaluated(started, next.number);
        assert.ok(performance.now() - begun < 10_000, "while the receiver still hangs");
        receiver.mood = () => 410; // gone
        await until(async () => (await started.alerts()).dead.length === 1, "a message that is given up", { timeoutMs: 60_000 });
        assert.match(started.stderr, /is given up: the receiver answers with HTTP status 410/);
        receiver.mood = () => 200;
        await rise();
        await devnet.chain.mine();
        await devnet.chain.mine();
        await told("resolve");
        await started.stop();
    });

    test("a node that is gone is told of, and nothing resolves meanwhile", async () => {
        const started = watch();
        const begin = await devnet.chain.mine();
        await evaluated(started, begin.number);
        await fall();
        await told("fire");
        world.cut = true;
        const [blind] = await told("unknown");
        assert.equal(blind.value, null);
        assert.match(blind.unknown_because, /503/);
        await rise();
        await devnet.chain.mine();
        await devnet.chain.mine();
        assert.equal((await started.alerts()).alerts[0].phase, "firing");
        world.cut = false;
        await told("known");
        await told("resolve");
        assert.deepEqual(receiver.messages.map(({ kind }) => kind), ["fire", "unknown", "known", "resolve"]);
        await started.stop();
    });

    test("a reorganisation is followed: what waits on lost blocks waits anew", async () => {
        const started = watch();
        const begin = await devnet.chain.mine();
        await evaluated(started, begin.number);
        await fall();
        await told("fire");
        const { chain } = devnet;
        await chain.onSnapshot(async () => {
            const safe = await rise();
            await evaluated(started, safe.number);
            assert.equal((await started.alerts()).alerts[0].phase, "recovering");
        });
        // The block in which it recovered never was; these are others.
        await fall();
        const other = await chain.mine({ seconds: 13 });
        await evaluated(started, other.number);
        assert.match(started.stderr, /blocks \d+ to \d+ were reorganised away/);
        assert.equal((await started.alerts()).alerts[0].phase, "firing");
        assert.deepEqual(receiver.messages.map(({ kind }) => kind), ["fire"]);
        await rise();
        await chain.mine();
        await chain.mine();
        await told("resolve");
        await started.stop();
    });

    test("a node that lags, or lacks the block that another one shows, ends nothing and proves nothing", async () => {
        const started = watch();
        await fall();
        const [fired] = await told("fire");
        const before = BigInt(fired.block.number);
        const block = (number) => devnet.chain.rpc("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
        const lower = await block(before - 3n);
        // "latest" is an old block; then one that nobody has.
        for (const shown of [lower, { ...lower, number: `0x${(before + 1n).toString(16)}`, hash: `0x${"ab".repeat(32)}` }]) {
            world.bend = (request, reply) => (isLatest(request) ? { ...reply, result: shown } : reply);
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
        world.bend = null;
        const next = await devnet.chain.mine();
        await evaluated(started, next.number);
        assert.doesNotMatch(started.stderr, /reorganised/);
        assert.equal((await started.alerts()).alerts[0].phase, "firing");
        assert.ok(receiver.messages.every(({ kind }) => kind !== "resolve"));
        assert.equal(await started.stop(), 0);
    });

    test("who reads along is not who is told: a stdout that is full keeps no alert", async () => {
        const started = watch();
        await started.stop();
        await fall();
        const command = `exec "$0" "$@" --once >/dev/full`;
        const args = ["watch", healthy, "--config", started.config, "--store", started.store];
        const child = spawn("sh", ["-c", command, process.env.MARGRAVE_BIN, ...args], { stdio: "ignore" });
        assert.equal(await new Promise((resolve) => child.once("exit", resolve)), 0);
        const alerts = await started.alerts();
        assert.equal(alerts.alerts[0].phase, "firing");
        assert.deepEqual(alerts.waiting, []);
    });

    test("a wallet that is watched no more is no good news", async () => {
        const started = watch([healthy, other]);
        await fall();
        await told("fire");
        await started.stop();
        started.wallets = [other];
        started.start();
        await rise();
        await devnet.chain.mine();
        const last = await devnet.chain.mine();
        await evaluated(started, last.number);
        assert.match(started.stderr, new RegExp(`not watched any more, and not resolved: health devnet aave_v3/v36 ${getAddress(healthy)}`));
        assert.equal(receiver.messages.filter(({ kind }) => kind === "resolve").length, 0);
        assert.deepEqual((await started.alerts()).alerts, []);
        // Watched again, it fires again: under another key, or its receiver would pass it over.
        await started.stop();
        started.wallets = [healthy, other];
        await fall();
        started.start();
        await told("fire", 2);
        await started.stop();
    });

    test("keys of nodes and receivers that are quoted back are nowhere in what it says, sends and keeps", async () => {
        const canaries = ["c4naryNode", "c4naryHook", "c4naryQuery"];
        const parrot = http.createServer((incoming, outgoing) => {
            const said = `${incoming.url} ${JSON.stringify(incoming.headers)}`;
            outgoing.writeHead(503, { "content-type": "application/json", location: said });
            outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32600, message: `no such key: ${said}` } }));
        });
        await new Promise((resolve) => parrot.listen(0, "127.0.0.1", resolve));
        const { port } = parrot.address();
        const told = { ...receiver, url: `http://127.0.0.1:${port}/${canaries[1]}?key=${canaries[2]}` };
        const started = watch([healthy], HEALTH_RULE);
        await started.stop();
        const once = (rpc) =>
            margrave(["watch", healthy, "--store", started.store, "--once", "--timeout", "2", "--config", watchConfig(devnet.configToml({ rpc }), told, HEALTH_RULE)]);
        await fall();
        const seen = await once(proxy.url);
        assert.equal(seen.code, 0, seen.stderr);
        assert.match(seen.stderr, /is tried again in \d+ s: the receiver answers with HTTP status 503/);
        const blind = await once(`http://127.0.0.1:${port}/v2/${canaries[0]}`);
        assert.equal(blind.code, 3, blind.stderr);
        const kept = await margrave(["alerts", "list", "--store", started.store, "--json"]);
        assert.equal(kept.json.waiting.length, 1);
        const file = ["", "-wal"].map((end) => (existsSync(started.store + end) ? readFileSync(started.store + end, "latin1") : "")).join("");
        assert.match(file, /margrave\.alert/);
        for (const canary of [...canaries, receiver.secret, receiver.secret.slice(6)]) {
            for (const text of [seen.stdout, seen.stderr, blind.stdout, blind.stderr, kept.stdout, file]) {
                assert.ok(!text.includes(canary), `${canary} in ${text.slice(0, 2000)}`);
            }
        }
        parrot.closeAllConnections();
        parrot.close();
    });

    test("one line where it cannot begin", async () => {
        const config = watchConfig(devnet.configToml({ rpc: proxy.url }), receiver, HEALTH_RULE);
        const refused = async (args, what) => {
            const { code, stdout, stderr } = await margrave(["watch", ...args]);
            assert.equal(code, 2, stderr);
            assert.equal(stdout, "");
            assert.equal(stderr.trim().split("\n").length, 1, stderr);
            assert.match(stderr, what);
        };
        const started = watch();
        await evaluated(started, (await devnet.chain.mine()).number);
        await refused([healthy, "--config", config, "--store", started.store], /another margrave watches with it/);
        await started.stop();
        await refused(["--config", config, "--store", started.store], /nobody to watch/);
        await refused([healthy, "--config", writeConfig(devnet.configToml()), "--store", started.store], /no \[\[channels\]\]/);
    });
});
