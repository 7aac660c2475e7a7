// Receivers of every kind of channel on this machine, each with the acceptance rules of the service that it stands for.
// Of an HTTP receiver `taken` is what it accepted, `broken` what broke a rule of the service, and `faults` what it does
// with the next requests instead of taking them: { status, body, headers }, or "hang"; `hanging` are those that hang now.
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { SMTPServer } from "smtp-server";
import { temporaryFolder } from "./margrave.mjs";
import { until } from "./watch.mjs";

const ALERTMANAGER = "/usr/bin/prometheus-alertmanager";

async function startHttp(accept) {
    const receiver = { taken: [], tries: [], broken: [], faults: [], hanging: 0 };
    const server = http.createServer(async (incoming, outgoing) => {
        const chunks = [];
        for await (const chunk of incoming) chunks.push(chunk);
        const request = { method: incoming.method, url: incoming.url, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
        receiver.tries.push(request);
        const fault = receiver.faults.shift();
        if (fault === "hang") {
            receiver.hanging += 1;
            outgoing.once("close", () => (receiver.hanging -= 1));
            return;
        }
        const { status, body = "", headers = {} } = fault ?? answer(request);
        outgoing.writeHead(status, headers).end(body);
    });
    const answer = (request) => {
        try {
            if (request.method !== "POST") return { status: 405 };
            if (request.headers["content-type"] !== "application/json") throw new Error("it is no JSON");
            return accept(receiver, request, JSON.parse(request.body));
        } catch (error) {
            receiver.broken.push(`${error.message}: ${request.url} ${request.body}`);
            return { status: 400, body: "invalid_payload" };
        }
    };
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    receiver.origin = `http://127.0.0.1:${server.address().port}`;
    receiver.stop = () =>
        new Promise((resolve) => {
            server.closeAllConnections();
            server.close(resolve);
        });
    return receiver;
}

const must = (holds, what) => {
    if (!holds) throw new Error(what);
};
const isText = (value, most) => typeof value === "string" && value.length > 0 && value.length <= most;
/// Of markup that knows three names: nothing else begins with & < >.
const isEscaped = (text) => !/[<>]|&(?!(amp|lt|gt);)/.test(text);

/// Standard Webhooks 1.0: the signature is of id, time and body, and the time is now.
export async function startWebhook() {
    const key = randomBytes(32);
    const receiver = await startHttp(({ taken }, { headers, body }, message) => {
        const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = headers;
        const expected = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
        must(signature === `v1,${expected}`, "the signature is another");
        must(Math.abs(Date.now() / 1000 - Number(time)) < 300, "it is too old");
        taken.push({ id, body, message });
        return { status: 204 };
    });
    return Object.assign(receiver, { url: `${receiver.origin}/hook/w3bhookKey`, secret: `whsec_${key.toString("base64")}` });
}

/// An incoming webhook of Slack.
export async function startSlack() {
    const receiver = await startHttp(({ taken }, { url }, message) => {
        if (url !== "/services/T0/B0/sl4ckKey") return { status: 404, body: "no_service" };
        must(isText(message.text, 40_000) && isEscaped(message.text), "no_text");
        const blocks = message.blocks ?? [];
        must(blocks.length <= 50, "invalid_blocks");
        for (const { type, text } of blocks) {
            must(text.type === "plain_text" && isText(text.text, { header: 150, section: 3000 }[type]), "invalid_blocks");
            must(isEscaped(text.text), "it would mention, or link");
        }
        must(message.unfurl_links === false && message.unfurl_media === false, "it would unfurl");
        must(message.mrkdwn === false, "it would be formatted");
        taken.push(message);
        return { status: 200, body: "ok" };
    });
    return Object.assign(receiver, { url: `${receiver.origin}/services/T0/B0/sl4ckKey` });
}

/// A webhook of Discord.
export async function startDiscord() {
    const receiver = await startHttp(({ taken }, { url }, message) => {
        const { pathname, searchParams } = new URL(url, "http://x");
        if (pathname !== "/api/webhooks/1/d1scordKey") return { status: 404, body: JSON.stringify({ code: 10015 }) };
        must(searchParams.get("wait") === "true", "nobody waits for the message");
        must(JSON.stringify(message.allowed_mentions) === '{"parse":[]}', "it could mention");
        must(isText(message.content, 2000), "BASE_TYPE_MAX_LENGTH");
        const embeds = message.embeds ?? [];
        must(embeds.length <= 10, "too many embeds");
        let all = 0;
        for (const { title, description = "", fields } of embeds) {
            must(isText(title, 256) && description.length <= 4096 && fields.length <= 25, "BASE_TYPE_MAX_LENGTH");
            for (const { name, value } of fields) {
                must(isText(name, 256) && isText(value, 1024), "BASE_TYPE_MAX_LENGTH");
                all += name.length + value.length;
            }
            all += title.length + description.length;
        }
        must(all <= 6000, "the embeds are too large");
        taken.push(message);
        return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ id: String(taken.length) }) };
    });
    return Object.assign(receiver, { url: `${receiver.origin}/api/webhooks/1/d1scordKey` });
}

/// Telegram's Bot API. The group became a supergroup under another id.
export async function startTelegram() {
    const token = `123456:${"t3legramKey".padEnd(35, "x")}`;
    const refusal = (error_code, description, parameters) => ({
        status: error_code,
        body: JSON.stringify({ ok: false, error_code, description, parameters }),
    });
    const receiver = await startHttp(({ taken, movedTo }, { url }, message) => {
        if (url !== `/bot${token}/sendMessage`) return refusal(404, "Not Found");
        if (movedTo && message.chat_id !== movedTo) {
            return refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: Number(movedTo) });
        }
        must(message.chat_id === (movedTo ?? "-5"), "chat not found");
        const shown = message.parse_mode ? message.text.replace(/<\/?(b|pre)>/g, "") : message.text;
        if (message.parse_mode && !isEscaped(shown)) return refusal(400, "Bad Request: can't parse entities");
        must(isText(shown.replace(/&(amp|lt|gt);/g, "&"), 4096), "message is too long");
        must(message.link_preview_options?.is_disabled === true, "it would preview links");
        taken.push(message);
        return { status: 200, body: JSON.stringify({ ok: true, result: { message_id: taken.length } }) };
    });
    return Object.assign(receiver, { url: receiver.origin, token });
}

/// PagerDuty's Events API v2; `open` are the incidents, by their keys.
export async function startPagerDuty() {
    const routingKey = "p4gerdutyKey".padEnd(32, "0");
    const open = new Map();
    const receiver = await startHttp(({ taken }, { url }, event) => {
        if (url !== "/v2/enqueue") return { status: 404 };
        must(event.routing_key === routingKey, "invalid routing key");
        must(["trigger", "acknowledge", "resolve"].includes(event.event_action), "invalid action");
        must(isText(event.dedup_key, 255), "invalid dedup_key");
        const { summary, source, severity, timestamp } = event.payload;
        must(isText(summary, 1024) && isText(source, 1000), "invalid payload");
        must(["critical", "error", "warning", "info"].includes(severity), "invalid severity");
        must(!Number.isNaN(Date.parse(timestamp)), "invalid timestamp");
        if (event.event_action === "trigger") open.set(event.dedup_key, event);
        if (event.event_action === "resolve") must(open.delete(event.dedup_key), "it resolves nothing");
        taken.push(event);
        return { status: 202, body: JSON.stringify({ status: "success", dedup_key: event.dedup_key }) };
    });
    return Object.assign(receiver, { url: `${receiver.origin}/v2/enqueue`, routingKey, open });
}

/// A mail server. `faults` are codes of answers to MAIL, or "hang"; who is in `unknown` is refused, in `greylisted` for
/// the first time.
export async function startMail({ tls = false } = {}) {
    const receiver = { taken: [], faults: [], tries: [], unknown: new Set(), greylisted: new Set(), user: "margrave", password: "m4ilKey" };
    const refuse = (code) => Object.assign(new Error("refused"), { responseCode: code });
    const server = new SMTPServer({
        disabledCommands: tls ? [] : ["STARTTLS"],
        allowInsecureAuth: true,
        logger: false,
        closeTimeout: 100,
        onAuth: ({ username, password }, session, done) =>
            username === receiver.user && password === receiver.password ? done(null, { user: username }) : done(refuse(535)),
        onMailFrom: (address, session, done) => {
            receiver.tries.push(address.address);
            const fault = receiver.faults.shift();
            if (fault === "hang") return;
            done(fault ? refuse(fault) : null);
        },
        onRcptTo: ({ address }, session, done) => {
            if (receiver.unknown.has(address)) return done(refuse(550));
            done(receiver.greylisted.delete(address) ? refuse(451) : null);
        },
        onData: async (stream, session, done) => {
            const chunks = [];
            for await (const chunk of stream) chunks.push(chunk);
            const text = Buffer.concat(chunks).toString("latin1");
            const end = text.indexOf("\r\n\r\n");
            const headers = Object.fromEntries(
                text
                    .slice(0, end)
                    .replace(/\r\n /g, " ")
                    .split("\r\n")
                    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
            );
            receiver.taken.push({
                from: session.envelope.mailFrom.address,
                to: session.envelope.rcptTo.map(({ address }) => address),
                headers,
                bare: /[^\r]\n|\r[^\n]/.test(text),
                text: Buffer.from(text.slice(end + 4), "base64").toString(),
            });
            done();
        },
    });
    server.on("error", (error) => receiver.faults.length || receiver.tries.push(error.message));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    receiver.url = `smtp://127.0.0.1:${server.server.address().port}`;
    receiver.stop = () => new Promise((resolve) => server.close(resolve));
    return receiver;
}

/// A program that takes messages into a folder. A file "fault" there has its exit code, or "hang".
export function makeProgram() {
    const folder = temporaryFolder();
    const file = path.join(folder, "take");
    fs.writeFileSync(
        file,
        `#!/bin/sh
cd "$1" || exit 1
if [ -e fault ]; then
    fault=$(cat fault)
    rm fault
    [ "$fault" = hang ] && sleep 300
    exit "$fault"
fi
cat > "$MARGRAVE_ALERT_KEY.part" && mv "$MARGRAVE_ALERT_KEY.part" "$MARGRAVE_ALERT_KEY.json"
env > environment
`,
        { mode: 0o700 },
    );
    return {
        argv: [file, folder],
        folder,
        fail: (fault) => fs.writeFileSync(path.join(folder, "fault"), String(fault)),
        get taken() {
            return fs
                .readdirSync(folder)
                .filter((name) => name.endsWith(".json"))
                .map((name) => ({ id: name.slice(0, -5), ...JSON.parse(fs.readFileSync(path.join(folder, name))) }));
        },
        environment: () => fs.readFileSync(path.join(folder, "environment"), "utf8"),
        stop() {},
    };
}

/// Prometheus' own Alertmanager, of Debian's package. It can be stopped and started again, and then has forgotten its
/// alerts. `taken` are what it notified of, as [alertname, status].
export async function makeAlertmanager() {
    if (!fs.existsSync(ALERTMANAGER)) {
        throw new Error(`${ALERTMANAGER} is missing: apt-get install prometheus-alertmanager`);
    }
    const told = await startHttp(({ taken }, request, { alerts }) => {
        taken.push(...alerts.map(({ labels, annotations, status }) => ({ labels, annotations, status })));
        return { status: 200 };
    });
    const folder = temporaryFolder();
    const config = path.join(folder, "alertmanager.yml");
    fs.writeFileSync(
        config,
        `route: { receiver: told, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 24h }
receivers: [{ name: told, webhook_configs: [{ url: "${told.origin}/", send_resolved: true }] }]
`,
    );
    const port = await freePort();
    const manager = { url: `http://127.0.0.1:${port}`, taken: told.taken };
    let child;
    manager.start = async () => {
        const args = [`--config.file=${config}`, `--storage.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`, "--cluster.listen-address="];
        child = spawn(ALERTMANAGER, args, { stdio: "ignore" });
        await until(() => fetch(`${manager.url}/-/ready`).then(({ ok }) => ok, () => false), "Alertmanager");
    };
    manager.alerts = async () => (await fetch(`${manager.url}/api/v2/alerts`)).json();
    manager.kill = () =>
        new Promise((resolve) => {
            if (!child) return resolve();
            child.once("exit", resolve);
            child.kill("SIGKILL");
            child = null;
        });
    manager.stop = async () => {
        await manager.kill();
        await told.stop();
    };
    return manager;
}

function freePort() {
    return new Promise((resolve) => {
        const server = http.createServer().listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}
