// Every kind of channel at once, each to a receiver with its service's rules, from a price on chain to a message.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { getAddress, recoverTypedDataAddress } from "viem";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { etherAtPercent } from "../lib/prices.mjs";
import * as receivers from "../lib/receivers.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { typedData } from "../lib/signed_report.mjs";
import { HEALTH_ALONE, Watch, until } from "../lib/watch.mjs";

const FROM = "margrave@fund.example";
const TO = ["ops@fund.example", "risk@fund.example"];
const DEAD = "http://127.0.0.1:9"; // where nobody listens

describe("channels", { skip, concurrency: false }, () => {
    let devnet, wallet, price, signer, webhook, slack, discord, telegram, pagerduty, mail, program, manager;
    let secrets, folder, config, started;
    const https = () => [webhook, slack, discord, telegram, pagerduty];

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 0 });
        wallet = getAddress(devnet.scenario.find(({ label }) => label === "healthy").address);
        price = etherAtPercent(devnet);
        webhook = await receivers.startWebhook();
        slack = await receivers.startSlack();
        discord = await receivers.startDiscord();
        telegram = await receivers.startTelegram();
        pagerduty = await receivers.startPagerDuty();
        mail = await receivers.startMail();
        program = receivers.makeProgram();
        manager = await receivers.makeAlertmanager();
        folder = temporaryFolder();
        const key = path.join(folder, "reporting.key");
        const made = await margrave(["sign-key", key]);
        assert.equal(made.code, 0, made.stderr);
        signer = made.stdout.trim();
        fs.writeFileSync(path.join(folder, "password"), `${mail.password}\n`, { mode: 0o600 });
        fs.writeFileSync(path.join(folder, "routing"), pagerduty.routingKey, { mode: 0o400 });
        Object.assign(process.env, {
            HOOK_SECRET: webhook.secret,
            SLACK_URL: slack.url,
            TELEGRAM_TOKEN: telegram.token,
            CREDENTIALS_DIRECTORY: folder,
        });
        const keyDigits = JSON.parse(fs.readFileSync(key)).secret.slice(2);
        secrets = ["w3bhookKey", webhook.secret.slice(6), "sl4ckKey", "d1scordKey", telegram.token, "p4gerdutyKey", mail.password, keyDigits];
        config = writeConfig(`${devnet.configToml()}
[[channels]]
name = "hook"
kind = "webhook"
url = "${webhook.url}"
secret = "\${HOOK_SECRET}"
sign_key = "${key}"

[[channels]]
name = "chat"
kind = "slack"
url = "\${SLACK_URL}"

[[channels]]
name = "guild"
kind = "discord"
url = "${discord.url}"

[[channels]]
name = "group"
kind = "telegram"
url = "${telegram.url}"
token = "\${TELEGRAM_TOKEN}"
chat_id = "-5"

[[channels]]
name = "pager"
kind = "pagerduty"
url = "${pagerduty.url}"
routing_key = "\${credential:routing}"

[[channels]]
name = "mail"
kind = "email"
url = "${mail.url}"
allow_plain = true
username = "${mail.user}"
password = "\${file:${path.join(folder, "password")}}"
from = "${FROM}"
to = ${JSON.stringify(TO)}

[[channels]]
name = "program"
kind = "command"
argv = ${JSON.stringify(program.argv)}

[[channels]]
name = "manager"
kind = "alertmanager"
urls = ["${DEAD}", "${manager.url}/"]
labels = ["team=treasury"]

${HEALTH_ALONE}`);
    });
    after(async () => {
        await started?.stop("SIGKILL");
        await Promise.all([devnet, ...https(), mail, manager].map((one) => one?.stop()));
    });

    const fall = () => price(35n);
    const rise = async () => {
        await price(100n);
        await devnet.chain.mine();
    };
    const idle = () => until(async () => (await started.alerts()).waiting.length === 0, "the last delivery", { timeoutMs: 90_000 });
    const evaluated = async () => {
        const { number } = await devnet.chain.mine();
        await until(async () => {
            // At first there is no file yet.
            const { blocks } = await started.alerts().catch(() => ({ blocks: [] }));
            return blocks.find(({ chain }) => chain === "devnet")?.number === String(number);
        }, `block ${number}`);
    };
    const watch = async () => {
        started = new Watch(config, [wallet]).start();
        await evaluated();
    };
    const told = async (phase, move) => {
        await move();
        await until(async () => (await started.alerts()).alerts.some((one) => one.phase === phase) === (phase === "firing"), phase);
        if (phase !== "firing") await until(async () => (await started.alerts()).alerts.length === 0, "quiet");
        await idle();
    };

    beforeEach(async () => {
        await started?.stop("SIGKILL");
        await rise();
        for (const one of [...https(), mail]) one.taken.length = one.tries.length = one.faults.length = 0;
        for (const one of https()) one.broken.length = 0;
        manager.taken.length = 0;
        for (const name of fs.readdirSync(program.folder).filter((name) => name.endsWith(".json"))) fs.rmSync(path.join(program.folder, name));
        pagerduty.open.clear();
        await manager.kill();
        await manager.start();
    });

    test("a price falls on chain and every channel tells; it rises, and every channel takes it back", async () => {
        await watch();
        await told("firing", fall);

        assert.equal(webhook.taken.length, 1);
        const { message: fired, id } = webhook.taken[0];
        assertValid("alert.schema.json", fired);
        assert.equal(fired.kind, "fire");
        assert.equal(fired.wallet, wallet);

        assert.equal(slack.taken[0].text, fired.summary);
        assert.match(slack.taken[0].blocks[1].text.text, new RegExp(`wallet: ${wallet}\n`));
        assert.equal(discord.taken[0].content.replaceAll("\\", ""), fired.summary);
        const fields = Object.fromEntries(discord.taken[0].embeds[0].fields.map(({ name, value }) => [name.replaceAll("\\", ""), value.replaceAll("\\", "")]));
        assert.equal(fields.health_factor, fired.value);
        assert.equal(telegram.taken[0].text.split("\n")[0], "<b>critical fire: health</b>");
        assert.equal(telegram.taken[0].text.split("\n")[1], `<pre>${fired.summary}`);
        assert.equal(telegram.taken[0].parse_mode, "HTML");
        assert.equal(pagerduty.open.size, 1);
        assert.equal(pagerduty.taken[0].payload.severity, "critical");
        assert.equal(pagerduty.taken[0].payload.custom_details.health_factor, fired.value);

        const [letter] = mail.taken;
        assert.deepEqual([letter.from, letter.to], [FROM, TO]);
        assert.equal(letter.headers.To, TO.join(", "));
        assert.match(letter.headers["Message-ID"], /^<[0-9a-f]{32}@fund\.example>$/);
        assert.equal(letter.headers["X-Priority"], "1");
        assert.ok(!letter.bare, "lines end in CR LF");
        assert.equal(letter.text.split("\r\n")[0], fired.summary);
        assert.ok(Math.abs(Date.parse(letter.headers.Date) - Date.now()) < 120_000);

        assert.equal(program.taken.length, 1);
        const { id: programId, ...read } = program.taken[0];
        assertValid("alert.schema.json", read);
        assert.notEqual(programId, id, "each channel has a key of its own");
        assert.deepEqual(Object.keys(Object.fromEntries(program.environment().trim().split("\n").map((line) => line.split("=")))).filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name)).sort(), ["MARGRAVE_ALERT_KEY", "PATH"]);

        const [standing] = await manager.alerts();
        assert.deepEqual(standing.labels, { alertname: "health", chain: "devnet", protocol: "aave_v3", market: fired.market, wallet, team: "treasury" });
        assert.equal(standing.annotations.summary, fired.summary);
        assert.equal(standing.annotations.severity, "critical");
        assert.equal(Date.parse(standing.startsAt) / 1000, Number(fired.fired_at));
        assert.ok(Date.parse(standing.endsAt) - Date.now() > 13 * 60_000, "it outlives a restart of margrave");
        await until(() => manager.taken.some(({ status }) => status === "firing"), "its notification");

        await told("quiet", rise);
        const kinds = [webhook.taken.map(({ message }) => message.kind), program.taken.map(({ kind }) => kind).sort()];
        assert.deepEqual(kinds, [["fire", "resolve"], ["fire", "resolve"]]);
        assert.match(slack.taken[1].text, /critical resolve health/);
        assert.equal(discord.taken.length, 2);
        assert.match(telegram.taken[1].text, /<b>critical resolve: health<\/b>/);
        assert.equal(pagerduty.open.size, 0, "the same key that triggered it");
        assert.equal(mail.taken[1].headers.References, letter.headers.References, "one conversation");
        assert.notEqual(mail.taken[1].headers["Message-ID"], letter.headers["Message-ID"]);
        assert.deepEqual(await manager.alerts(), []);
        await until(() => manager.taken.some(({ status }) => status === "resolved"), "its notification");
        assert.deepEqual(https().flatMap(({ broken }) => broken), []);
        assert.match(started.stderr, /channel manager: [0-9a-f]{32} is delivered, but: member 1 of 2: /);
        assert.equal(await started.stop(), 0);
    });

    test("each receiver fails first, in its own way, and is told once when it recovers", async () => {
        await manager.kill();
        await watch();
        webhook.faults.push({ status: 503, headers: { "retry-after": "1" } }, "hang");
        slack.faults.push({ status: 429, headers: { "retry-after": "1" } }, "hang", { status: 200, body: "<html>ok</html>" }, { status: 400, body: "invalid_blocks" });
        discord.faults.push({ status: 429, body: JSON.stringify({ retry_after: 0.3, global: false }) }, "hang", { status: 200, body: "{}" });
        telegram.faults.push({ status: 429, body: JSON.stringify({ ok: false, parameters: { retry_after: 1 } }) }, "hang", { status: 200, body: '{"ok":false}' });
        telegram.movedTo = "-1001234567890";
        pagerduty.faults.push({ status: 429 }, "hang", { status: 500 });
        mail.faults.push(451, "hang");
        mail.greylisted.add(TO[1]);
        program.fail("hang");
        await fall();
        await until(async () => (await started.alerts()).alerts.some(({ phase }) => phase === "firing"), "firing");
        await until(() => slack.hanging && discord.hanging && !fs.existsSync(path.join(program.folder, "fault")), "tries that hang");
        // While they hang, nothing else does: a block is evaluated before one of them is given up.
        await evaluated();
        assert.ok(slack.hanging || discord.hanging);
        program.fail(75);
        await manager.start();
        await idle();

        assert.equal(webhook.taken.length, 1);
        assert.equal(webhook.tries.length, 3);
        assert.equal(new Set(webhook.tries.map(({ body }) => body)).size, 1, "the same bytes, and so the same signature");
        assert.equal(new Set(webhook.tries.map(({ headers }) => headers["webhook-id"])).size, 1);
        assert.equal(slack.taken.length, 1);
        assert.equal(slack.tries.length, 5);
        assert.ok(!slack.taken[0].blocks, "what Slack does not understand comes as a plain line");
        assert.equal(discord.taken.length, 1);
        assert.equal(discord.tries.length, 4);
        assert.equal(telegram.taken.length, 1);
        assert.equal(telegram.taken[0].chat_id, telegram.movedTo);
        assert.match(started.stderr, /channel group: [0-9a-f]+ is delivered, but: the chat moved: its chat_id is now -1001234567890/);
        assert.equal(pagerduty.taken.length, 1);
        assert.equal(pagerduty.tries.length, 4);
        assert.deepEqual(mail.taken.map(({ to }) => to), [[TO[0]], [TO[1]]], "who was refused for now is tried alone");
        assert.equal(mail.taken[0].headers["Message-ID"], mail.taken[1].headers["Message-ID"]);
        assert.equal(program.taken.length, 1);
        assert.match(started.stderr, /channel program: [0-9a-f]+ is tried again in \d+ s: the program was killed after 15 s/);
        assert.equal((await manager.alerts()).length, 1);
        const { dead, waiting } = await started.alerts();
        assert.deepEqual([dead, waiting], [[], []]);
        assert.deepEqual(https().flatMap(({ broken }) => broken), []);
        delete telegram.movedTo;
        assert.equal(await started.stop(), 0);
    });

    test("a signed message verifies with viem and with margrave, and not when anything of it was changed", async () => {
        await watch();
        await told("firing", fall);
        const [{ body }] = webhook.taken;
        const { signature, ...alert } = JSON.parse(body);
        const data = typedData(alert);
        assert.equal(await recoverTypedDataAddress({ ...data, signature: signature.signature }), signer);
        const file = path.join(folder, "alert.json");
        const verify = (text, ...more) => {
            fs.writeFileSync(file, text);
            return margrave(["verify", file, ...more]);
        };
        const good = await verify(body, "--signer", signer);
        assert.equal(good.code, 0, good.stderr);
        assert.match(good.stdout, /report {2}margrave\.alert\/1\n/);
        assert.match(good.stdout, new RegExp(`of {6}devnet at block ${alert.block.number} `));
        const changed = { ...alert, value: "2.5", signature };
        const bad = await verify(JSON.stringify(changed), "--signer", signer);
        assert.equal(bad.code, 6);
        assert.match(bad.stderr, /the content is not what was signed/);
        assert.equal((await verify(body, "--signer", wallet)).code, 6);
        assert.equal((await verify(JSON.stringify(alert))).code, 6);
        await started.stop();
    });

    test("Alertmanager forgets: what fires is there again after its restart, and after margrave's", async () => {
        await watch();
        await told("firing", fall);
        assert.equal((await manager.alerts()).length, 1);
        await manager.kill();
        await manager.start();
        assert.deepEqual(await manager.alerts(), []);
        const [again] = await until(async () => {
            const alerts = await manager.alerts();
            return alerts.length === 1 && alerts;
        }, "what stands", { timeoutMs: 90_000 });
        assert.equal(again.labels.alertname, "health");
        assert.equal(webhook.taken.length, 1, "others, who remember, are told once");
        // Another margrave of the same file, which has nothing new to tell.
        await started.stop();
        await manager.kill();
        await manager.start();
        started.start();
        await until(async () => (await manager.alerts()).length === 1, "what stands", { timeoutMs: 30_000 });
        assert.equal(Date.parse((await manager.alerts())[0].startsAt), Date.parse(again.startsAt));
        await started.stop();
    });

    test("what refuses for good is given up, said and shown; a recipient that is unknown keeps the others not", async () => {
        await watch();
        slack.faults.push({ status: 404, body: "no_service" });
        discord.faults.push({ status: 401 });
        telegram.faults.push({ status: 403, body: '{"ok":false,"description":"Forbidden: bot was blocked by the user"}' });
        pagerduty.faults.push({ status: 400, body: '{"status":"invalid event"}' });
        mail.unknown.add(TO[0]);
        await told("firing", fall);
        mail.unknown.clear();
        const { dead } = await started.alerts();
        assert.deepEqual(dead.map(({ channel, error }) => [channel, error]).sort(), [
            ["chat", "the receiver answers with HTTP status 404"],
            ["group", "the receiver answers with HTTP status 403"],
            ["guild", "the receiver answers with HTTP status 401"],
            ["pager", "the receiver answers with HTTP status 400"],
        ]);
        assert.deepEqual(mail.taken[0].to, [TO[1]]);
        // Who else is there hears of each channel that did not take it.
        await until(() => mail.taken.length === 5, "what is told instead");
        const instead = mail.taken.slice(1).map(({ text }) => text.match(/channel (\w+) did not\s+take this/)?.[1]);
        assert.deepEqual(instead.sort(), ["chat", "group", "guild", "pager"]);
        assert.match(started.stderr, /channel mail: [0-9a-f]+ is delivered, but: 1 of 2 recipients are not taken: recipient 1 \(550\)/);
        await started.stop();
    });

    test("no secret of a channel is in what margrave says, keeps, or sends to another", async () => {
        await watch();
        for (const one of [webhook, slack, discord, telegram, pagerduty]) {
            one.faults.push({ status: 500, headers: { location: one.url }, body: `${one.url} ${secrets.join(" ")}` });
        }
        mail.faults.push(451);
        program.fail(3);
        await told("firing", fall);
        await told("quiet", rise);
        await started.stop();
        const list = await margrave(["alerts", "list", "--store", started.store, "--json"]);
        const checked = await margrave(["check-config", "--config", config]);
        assert.equal(checked.code, 0, checked.stderr);
        assert.match(checked.stdout, /\n {2}pager/);
        const kept = ["", "-wal"].map((end) => started.store + end).filter(fs.existsSync).map((file) => fs.readFileSync(file, "latin1"));
        assert.match(kept.join(""), /margrave\.alert/);
        const bodies = https().flatMap(({ taken }) => taken.map(({ routing_key, ...rest }) => JSON.stringify(rest)));
        const texts = [started.stdout, started.stderr, list.stdout, checked.stdout, checked.stderr, ...kept, ...bodies, ...mail.taken.map(({ text }) => text), program.environment(), JSON.stringify(program.taken), JSON.stringify(manager.taken)];
        for (const secret of secrets) for (const text of texts) assert.ok(!text.includes(secret), `${secret} in ${text.slice(0, 500)}`);
    });

    test("mail goes to no server whose certificate nobody vouches for", async () => {
        const odd = await receivers.startMail({ tls: true });
        const own = writeConfig(`${devnet.configToml()}
[[channels]]
name = "mail"
kind = "email"
url = "${odd.url}"
from = "${FROM}"
to = ${JSON.stringify(TO)}
${HEALTH_ALONE}`);
        await fall();
        const store = path.join(temporaryFolder(), "watch.db");
        const once = await margrave(["watch", wallet, "--config", own, "--store", store, "--once"]);
        await odd.stop();
        assert.equal(once.code, 0, once.stderr);
        assert.match(once.stderr, /channel mail: [0-9a-f]+ is tried again in \d+ s: SSL peer certificate/);
        assert.deepEqual(odd.taken, []);
    });
});
