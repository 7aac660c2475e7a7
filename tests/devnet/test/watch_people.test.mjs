// What people do with a running watch: silence, acknowledge, look back, try rules and channels, reload, run it as a service.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { getAddress, parseUnits } from "viem";
import { margrave, skip, temporaryFolder } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { startReceiver, until, watchConfig, withConfig } from "../lib/watch.mjs";
import { HEALTH_RULE, startWatchWorld } from "../lib/watch_world.mjs";

describe("watch, and people", { skip, concurrency: false }, () => {
    let world, devnet, healthy, receiver, watch, fall, rise, price, told, evaluated;

    before(async () => {
        world = await startWatchWorld();
        ({ devnet, healthy, receiver, watch, fall, rise, price, told, evaluated } = world);
    });
    after(() => world?.stop());
    beforeEach(() => world.reset());

    const mine = () => devnet.chain.mine();
    const ok = (answer) => {
        assert.equal(answer.code, 0, answer.stderr);
        return answer.stdout;
    };

    test("a silence keeps an alert back and no longer; an alert is acknowledged by name", async () => {
        const started = watch();
        await evaluated(started, (await mine()).number);
        // Nothing critical is silenced by the way.
        assert.match(ok(await started.command("alerts", "silence", "--for", "1h")), /silence 1: everything up to warning/);
        await fall();
        await told("fire");
        await rise();
        await mine();
        await mine();
        await told("resolve");
        const said = await started.command(
            ...["alerts", "silence", "--for", "1h", "--severity", "critical", "--wallet", healthy, "--by", "the desk", "--reason", "a test"],
        );
        assert.match(ok(said), new RegExp(`silence 2: wallet ${getAddress(healthy)} up to critical`));
        const low = await fall();
        await evaluated(started, low.number);
        const held = await started.alerts();
        assertValid("alerts.schema.json", held);
        assert.deepEqual(held.alerts.map(({ phase, told: isTold }) => [phase, isTold]), [["firing", false]]);
        assert.deepEqual(held.silences.map(({ id, by, reason }) => [id, by, reason]).at(-1), [2, "the desk", "a test"]);
        assert.equal(receiver.messages.length, 2);
        assert.match(ok(await started.command("alerts", "list")), /firing {5}health devnet .*\(held back\)/);

        ok(await started.command("alerts", "silence", "--end", "2"));
        const [, fired] = await told("fire", 2); // without a new block
        assert.equal(fired.fired_at_block, String(low.number));
        assert.equal((await started.command("alerts", "silence", "--end", "2")).code, 2);
        // What would silence nothing is refused, or said.
        const nothing = await started.command("alerts", "silence", "--for", "0s");
        assert.equal(nothing.code, 2);
        assert.match(nothing.stderr, /--for: for no time at all/);
        const typo = await started.command("alerts", "silence", "--for", "1s", "--rule", "helth", "--chain", "devnet");
        assert.match(ok(typo), /silence 3: rule helth chain devnet up to warning/);
        assert.match(typo.stderr, /warning: no alert of rule helth was ever kept in this file; did you mean health\?/);
        assert.doesNotMatch(typo.stderr, /chain/);

        const { alert } = fired;
        ok(await started.command("alerts", "ack", alert, "--by", "the desk"));
        assert.equal((await started.alerts()).alerts[0].acknowledged_by, "the desk");
        const unknown = await started.command("alerts", "ack", "health of nobody");
        assert.equal(unknown.code, 2);
        assert.match(unknown.stderr, /no alert "health of nobody" fires/);
        await started.stop();
    });

    test("what a channel never takes is told through another one", async () => {
        const mail = await startReceiver();
        const rules =
            HEALTH_RULE + 'channels = ["ops"]\n' +
            `[[channels]]\nname = "mail"\nkind = "webhook"\nurl = "${mail.url}"\nsecret = "${mail.secret}"\n`;
        const started = watch([healthy], rules);
        await evaluated(started, (await mine()).number);
        receiver.mood = () => 410; // gone
        await fall();
        const [instead] = await until(() => mail.messages.length > 0 && mail.messages, "the other channel");
        const { id, ...body } = instead;
        assertValid("alert.schema.json", body);
        assert.equal(body.kind, "fire");
        assert.equal(body.wallet, getAddress(healthy));
        assert.deepEqual(body.given_up, { channel: "ops", because: "the receiver answers with HTTP status 410" });
        assert.match(body.summary, /^channel ops did not take this .*: critical fire health/);
        assert.equal((await started.alerts()).dead.length, 1);
        assert.equal(mail.messages.length, 1);
        await started.stop();
        await mail.stop();
    });

    test("who does not acknowledge is not the last to be told", async () => {
        const pager = await startReceiver();
        const rules = HEALTH_RULE + 'channels = ["ops"]\nescalate_after_s = 2\nescalate_to = ["pager"]\n' +
            `[[channels]]\nname = "pager"\nkind = "webhook"\nurl = "${pager.url}"\nsecret = "${pager.secret}"\n`;
        const started = watch([healthy], rules);
        await evaluated(started, (await mine()).number);
        await fall();
        await until(() => pager.messages.length === 1, "an escalation");
        assert.equal(pager.messages[0].kind, "escalate");
        assert.deepEqual(receiver.messages.map(({ kind }) => kind), ["fire"]);
        await rise();
        await mine();
        await mine();
        await until(() => pager.messages.length === 2, "its end");
        assert.equal(pager.messages[1].kind, "resolve");
        // Acknowledged in time, nobody else is called.
        await fall();
        await told("fire", 2);
        ok(await started.command("alerts", "ack", "--all"));
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        await rise();
        await mine();
        await mine();
        await told("resolve", 2);
        assert.equal(pager.messages.length, 2);
        await started.stop();
        await pager.stop();
    });

    test("history shows what the chain said, a rule is tried on it, and an alert is reproduced without a node", async () => {
        const started = watch();
        const begin = await mine();
        await evaluated(started, begin.number);
        const low = await fall();
        const [fired] = await told("fire");
        assertValid("alert.schema.json", (({ id, ...body }) => body)(fired));
        await price(20n); // nothing is left of it
        const high = await rise();
        await mine();
        const last = await mine();
        await evaluated(started, last.number);

        // Blocks of the devnet are a year old.
        const since = ["--since", "9999d"];
        const history = await started.command("history", healthy, ...since, "--json");
        ok(history);
        assertValid("history.schema.json", history.json);
        const v36 = history.json.series.find(({ market }) => market === "v36");
        for (const block of [begin, low, high]) {
            const point = v36.points.find((one) => one.block === String(block.number));
            const onChain = await world.healthOf(healthy, BigInt(block.number));
            assert.equal(parseUnits(point.value, 18), onChain);
        }
        assert.match(ok(await started.command("history", healthy, ...since)), /health_factor of 0x.* on devnet aave_v3\/v36\n  20\d\d-/);
        assert.match(ok(await started.command("history", healthy, ...since, "--chart")), /\|.*\*/);
        const nobody = await started.command("history", "0x1111111111111111111111111111111111111111", ...since);
        assert.equal(ok(nobody), "");
        assert.match(nobody.stderr, /has no health_factor of/);

        const tried = await started.command("alerts", "test", "--config", started.config, ...since, "--json");
        ok(tried);
        assertValid("alerts_test.schema.json", tried.json);
        const rule = tried.json.rules.find(({ rule, market }) => rule === "health" && market === "v36");
        assert.deepEqual(rule.fires.map(({ block }) => block), [String(low.number)]);
        assert.deepEqual(rule.liquidatable_without_alert, []);
        const lateConfig = watchConfig(devnet.configToml(), receiver, HEALTH_RULE.replace("1.1", "0.00001").replace("1.15", "0.00001"));
        const late = await started.command("alerts", "test", "--config", lateConfig, ...since);
        assert.match(ok(late), /could be liquidated, and nothing had been told/);

        // As the message says, in the folder of the file.
        const reproduced = execFileSync("sh", ["-c", `${withConfig(fired.reproduce_stored, started.config)} --json || [ $? = 4 ]`], {
            cwd: path.dirname(started.store),
            env: { PATH: `${path.dirname(process.env.MARGRAVE_BIN)}:${process.env.PATH}` },
        });
        const account = JSON.parse(reproduced).accounts.find(({ market, wallet }) => market === "v36" && wallet === getAddress(healthy));
        assert.equal(account.health_factor, fired.value);
        const missing = await started.command("alerts", "snapshot", begin.hash ?? `0x${"00".repeat(32)}`);
        assert.equal(missing.code, 2);
        assert.match(missing.stderr, /keeps no reading of block/);
        await started.stop();
    });

    test("a configuration is reloaded whole, or not at all", async () => {
        const started = watch();
        await evaluated(started, (await mine()).number);
        const before = readFileSync(started.config, "utf8");
        writeFileSync(started.config, before + "\n[[rules]]\nname = 7\n");
        started.child.kill("SIGHUP");
        await until(() => /is not reloaded, the one before goes on: .*devnet\.toml:\d+/.test(started.stderr), "a refusal");
        await fall();
        await told("fire");
        await rise();
        await mine();
        await mine();
        await told("resolve");
        // What fires now is another number.
        writeFileSync(started.config, before.replace('"1.1"', '"3"').replace('"1.15"', '"3"'));
        started.child.kill("SIGHUP");
        await until(() => /the configuration is reloaded/.test(started.stderr), "a reload");
        await mine();
        await told("fire", 2);
        assert.equal(receiver.messages.at(-1).fires_below, "3");
        assert.equal(await started.stop(), 0);
    });

    test("channels are tried, and say what came of it", async () => {
        const config = watchConfig(devnet.configToml(), receiver, HEALTH_RULE);
        assert.equal(ok(await margrave(["alerts", "send", "--config", config])), "ops: delivered\n");
        const [{ id, ...sent }] = receiver.messages;
        assert.equal(sent.kind, "test");
        assertValid("alert.schema.json", sent);
        assert.deepEqual(receiver.forged, []);
        receiver.mood = () => 404;
        const refused = await margrave(["alerts", "send", "ops", "--config", config]);
        assert.equal(refused.code, 3);
        assert.equal(refused.stdout, "ops: the receiver answers with HTTP status 404\n");
        const nobody = await margrave(["alerts", "send", "chat", "--config", config]);
        assert.equal(nobody.code, 2);
        assert.match(nobody.stderr, /there is no channel "chat"/);
    });

    test("heartbeats are sent while the watch does its work, and only then", async () => {
        const beats = [];
        const monitor = http.createServer((incoming, outgoing) => {
            beats.push(incoming.method);
            incoming.resume();
            outgoing.writeHead(200).end();
        });
        await new Promise((resolve) => monitor.listen(0, "127.0.0.1", resolve));
        const rules = `${HEALTH_RULE}
[http]
listen = "127.0.0.1:0"
ready_within_s = 2
[heartbeat]
url = "http://127.0.0.1:${monitor.address().port}/k-e-y"
every_s = 1
`;
        const started = watch([healthy], rules);
        await until(() => beats.length >= 2, "two heartbeats");
        assert.deepEqual([...new Set(beats)], ["POST"]);
        const before = started.stderr.length; // it was not ready at once, either
        world.cut = true;
        await until(() => /no heartbeat is sent: .*devnet/.test(started.stderr.slice(before)), "a reason");
        const count = beats.length;
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        assert.equal(beats.length, count);
        world.cut = false;
        await until(() => beats.length > count, "heartbeats again");
        assert.equal(await started.stop(), 0);
        assert.doesNotMatch(started.stderr, /k-e-y/);
        monitor.closeAllConnections();
        monitor.close();
    });

    test("as a service it says that it is ready, that it lives, that it reloads and that it ends", async () => {
        const socket = path.join(temporaryFolder(), "notify");
        // Node has no datagram sockets of this kind; Python comes with the system that has systemd.
        const listen = `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound",flush=True)
while True: print(s.recv(4096).decode().replace("\\n","|"),flush=True)`;
        const manager = spawn("python3", ["-c", listen, socket], { stdio: ["ignore", "pipe", "inherit"] });
        let heard = "";
        manager.stdout.on("data", (chunk) => (heard += chunk));
        await until(() => heard.includes("bound"), "the service manager");
        const started = watch();
        await started.stop();
        started.env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1000000" };
        started.start();
        await until(() => /READY=1\|STATUS=watching 1 chains/.test(heard), "READY");
        await until(() => heard.split("WATCHDOG=1").length > 3, "WATCHDOG");
        started.child.kill("SIGHUP");
        await until(() => /RELOADING=1\|MONOTONIC_USEC=\d+\n(?:WATCHDOG=1\n)*READY=1/.test(heard), "RELOADING");
        assert.equal(await started.stop(), 0);
        await until(() => heard.includes("STOPPING=1"), "STOPPING");
        manager.kill();
    });
});
