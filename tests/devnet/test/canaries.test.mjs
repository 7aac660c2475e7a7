// Secrets are in nothing that margrave writes. Canaries stand wherever a secret can: every command is run with them, fine,
// failing and refused; stdout, stderr, what is answered over HTTP and every file that is written are searched for each of
// them, plain, percent-encoded and in base64.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { getAddress } from "viem";
import { Canaries, Folder } from "../lib/canaries.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { listen, listening, openapi } from "../lib/http.mjs";
import { margrave, skip, temporaryFolder } from "../lib/margrave.mjs";
import { etherAtPercent } from "../lib/prices.mjs";
import { startProxy } from "../lib/proxy.mjs";
import * as receivers from "../lib/receivers.mjs";
import { HEALTH_ALONE, Watch, until } from "../lib/watch.mjs";

const FINE = [0, 1, 4];
const DEAD = "127.0.0.1:1"; // where nobody listens

describe("secrets", { skip, concurrency: false }, () => {
    const canaries = new Canaries();
    // What the test gives, and where margrave is to write.
    const inputs = temporaryFolder();
    const outputs = temporaryFolder();
    const written = new Folder(outputs);
    const environment = { HOME: outputs, TMPDIR: outputs, XDG_CACHE_HOME: path.join(outputs, "cache"), CREDENTIALS_DIRECTORY: inputs };
    const fine = new Set();
    const failed = new Set();
    const leaks = [];
    const heard = [];
    let devnet, wallet, price, hop, second, parrot, playbook, signKey, taking;

    const input = (name, text, mode = 0o600) => {
        const file = path.join(inputs, name);
        fs.writeFileSync(file, text, { mode });
        return file;
    };
    const search = (command, place, text) => {
        for (const [name, form] of canaries.in(text)) leaks.push(`${name}, as ${form}, in ${place} of: margrave ${command}`);
    };
    const searchFiles = (command) => {
        for (const { file, text } of written.changed()) search(command, file, text);
    };
    /// The first words alone are told of a command: options may hold what is looked for.
    const told = (args) => args.filter((word) => !canaries.in(word).length).join(" ").slice(0, 200);

    /// Runs a command, whose name is the words up to `args`, and searches what it writes.
    async function run(name, args = [], { codes = FINE, env = {} } = {}) {
        const outcome = await margrave([...name.split(" "), ...args], { env: { ...environment, ...env }, cwd: outputs });
        const command = `${name} ${told(args)}`;
        search(command, "stdout", outcome.stdout);
        search(command, "stderr", outcome.stderr);
        searchFiles(command);
        assert.ok(codes.includes(outcome.code), `margrave ${command} exited with ${outcome.code}: ${outcome.stderr.slice(0, 2000)}`);
        (outcome.code === 2 || outcome.code === 3 ? failed : fine).add(name);
        return outcome;
    }
    const none = () => assert.deepEqual(leaks.splice(0).slice(0, 20), []);

    /// Answers requests with what is wrong with them, and quotes them: as they came, decoded and encoded.
    async function startParrot() {
        let count = 0;
        const server = http.createServer(async (incoming, outgoing) => {
            const chunks = [];
            for await (const chunk of incoming) chunks.push(chunk);
            const { authorization = "" } = incoming.headers;
            const header = Buffer.from(authorization.slice(6), "base64").toString("latin1");
            heard.push(`${incoming.url} ${authorization} ${header} ${Buffer.concat(chunks)}`);
            const quoted = [incoming.url, decodeURIComponent(incoming.url), encodeURIComponent(incoming.url), authorization, header, encodeURIComponent(header)];
            // Each in its turn comes first: what is long is cut.
            const said = [...quoted.slice(count % quoted.length), ...quoted.slice(0, count % quoted.length)].join(" ");
            const error = { jsonrpc: "2.0", id: 1, error: { code: -32600, message: `no such key: ${said}`, data: said } };
            const bodies = [JSON.stringify(error), `<html>${said}</html>`, said, JSON.stringify({ jsonrpc: "2.0", id: 7, error: said, code: said, message: said })];
            const statuses = [403, 502, 200, 400, 200, 404, 429, 302, 410];
            outgoing.writeHead(statuses[count % statuses.length], { "content-type": "application/json", location: encodeURI(said), "x-quoted": encodeURI(said) });
            outgoing.end(bodies[count++ % bodies.length]);
        });
        await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
        const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
        return { host: `127.0.0.1:${server.address().port}`, stop };
    }

    const devnetToml = (urls) => devnet.configToml().replace(/rpc = .*\n/, urls.length ? `rpc = [${urls.map((url) => JSON.stringify(url)).join(", ")}]\n` : "");

    /// Every kind of channel that has a secret. What stands in ${…} the test puts where it says.
    const channelsToml = ({ hook, secret, slack, discord, telegram, token, pagerduty, routing, managers, mail, user, password }) => `
[[channels]]
name = "hook"
kind = "webhook"
url = "${hook}"
secret = "${secret}"
sign_key = "${signKey}"
[[channels]]
name = "chat"
kind = "slack"
url = "${slack}"
[[channels]]
name = "guild"
kind = "discord"
url = "${discord}"
[[channels]]
name = "group"
kind = "telegram"
url = "${telegram}"
token = "${token}"
chat_id = "-5"
[[channels]]
name = "pager"
kind = "pagerduty"
url = "${pagerduty}"
routing_key = "${routing}"
[[channels]]
name = "mail"
kind = "email"
url = "${mail}"
allow_plain = true
username = "${user}"
password = "${password}"
from = "margrave@fund.example"
to = ["ops@fund.example"]
[[channels]]
name = "manager"
kind = "alertmanager"
urls = ["${managers}"]
`;
    const httpToml = (token) => `[http]\nlisten = "127.0.0.1:0"\ntoken = "${token}"\n`;
    const heartbeatToml = (url) => `[heartbeat]\nurl = "${url}"\nevery_s = 1\n`;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1 });
        wallet = getAddress(devnet.scenario.find(({ label }) => label === "healthy").address);
        price = etherAtPercent(devnet);
        hop = await startProxy(devnet.rpcUrl);
        second = await startProxy(devnet.rpcUrl);
        parrot = await startParrot();
        taking = {
            hook: await receivers.startWebhook(),
            slack: await receivers.startSlack(),
            discord: await receivers.startDiscord(),
            telegram: await receivers.startTelegram(),
            pagerduty: await receivers.startPagerDuty(),
            mail: await receivers.startMail(),
        };
        signKey = path.join(inputs, "reporting.key");
        await run("sign-key", [signKey]);
        const digits = JSON.parse(fs.readFileSync(signKey)).secret.slice(2);
        canaries.add("the reporting key", digits, Buffer.from(digits, "hex"));
        playbook = input(
            "playbook.toml",
            `[cascade]\nchain = "devnet"\nmarkets = [ { protocol = "aave_v3", market = "v36" } ]\n` +
                `wallets = ["${wallet}"]\nown = ["${wallet}"]\n[cascade.shock]\nprice = { "ETH/USD" = "-20%" }\n`,
        );
    });
    after(() => Promise.all([devnet, hop, second, parrot, ...Object.values(taking ?? {})].map((one) => one?.stop())));

    /// Every command that reads a chain.
    const reading = (config) => {
        const where = ["--config", config];
        const file = (name) => path.join(outputs, name);
        return [
            ["audit", [wallet, "--json", ...where]],
            ["audit", [wallet, "--verbose", "--verify", "--cache", file("kept"), "--snapshot-out", file("now.json"), ...where]],
            ["audit", [wallet, "--record", file("exchange.json"), ...where]],
            ["audit", [wallet, "--quorum", "2", "--csv", ...where]],
            ["liquidate", [wallet, "--verbose", ...where]],
            ["whatif", [wallet, "ETH/USD=-10%", "--verbose", ...where]],
            ["graph", [wallet, "--dot", ...where]],
            ["rescue", [wallet, "--safe-out", file("safe.json"), ...where]],
            ["cascade", ["--playbook", playbook, "--verbose", ...where]],
            ["cascade backtest", ["--playbook", playbook, "--from", "LAST-2", "--to", "LAST", ...where]],
            ["index", ["--book", file("all.book"), "--export", file("book.txt"), ...where]],
            ["watch", [wallet, "--store", file("once.db"), "--once", ...where]],
        ];
    };
    const readAll = async (config, seconds, options) => {
        const last = Number(await devnet.client.getBlockNumber());
        for (const [name, args] of reading(config)) {
            const words = args.map((word) => word.replace(/^LAST-2$/, String(last - 2)).replace(/^LAST$/, String(last)));
            await run(name, [...words, "--timeout", String(seconds)], options);
        }
    };

    /// A watch that listens, and everything that it answers.
    async function ask(config, token, act) {
        const watch = new Watch(config, [wallet], ["--timeout", "2"]);
        watch.store = path.join(outputs, `watch-${path.basename(config)}.db`);
        watch.env = environment;
        watch.start();
        try {
            await listening(watch, { authorization: `Bearer ${token}` });
            const stream = await listen(`${watch.url}/v1/events`, { authorization: `Bearer ${token}` });
            await act(watch);
            for (const what of Object.keys(openapi.paths).filter((one) => one !== "/v1/events")) {
                for (const headers of [undefined, {}, { authorization: `Bearer ${token}x` }]) {
                    const answer = await watch.get(what, headers);
                    search("watch", `${what} over HTTP`, answer.body + JSON.stringify([...answer.headers]));
                }
            }
            const refused = await watch.get(`/v1/${encodeURIComponent(token)}?token=${encodeURIComponent(token)}`, {});
            search("watch", "a refusal over HTTP", refused.body);
            stream.stop();
            await stream.ended;
            search("watch", "its events", JSON.stringify(stream.events));
            searchFiles("watch, while it runs");
        } finally {
            await watch.stop();
        }
        search("watch", "stdout", watch.stdout);
        search("watch", "stderr", watch.stderr);
        searchFiles("watch");
        return watch;
    }

    test("are found by the search, in whatever form they stand somewhere", () => {
        const some = new Canaries();
        const user = some.make("user");
        const raw = Buffer.from("00ff10a0b0c0d0e0f0112233445566778899", "hex");
        some.add("bytes", raw.toString("hex"), raw);
        const found = (text) => [...new Set(some.in(text).map(([name]) => name))];
        for (const before of ["", "a", "bc", "def"]) {
            assert.deepEqual(found(Buffer.from(`${before}${user}:x`).toString("base64")), ["user"]);
            assert.deepEqual(found(Buffer.concat([Buffer.from(before), raw]).toString("base64url")), ["bytes"]);
        }
        assert.deepEqual(found(`x${encodeURIComponent(user)}y`), ["user"]);
        assert.deepEqual(found(`"${user}" ${raw.toString("hex")}`), ["user", "bytes"]);
        assert.deepEqual(found("user c4nary"), []);
    });

    test("are in nothing that is said of endpoints and receivers that fail, and quote them", async () => {
        const bad = (name) => canaries.url(name, parrot.host);
        const token = canaries.make("the failing watch's token").padEnd(40, "t");
        const variable = bad("${BAD_URL}");
        const file = input("bad.path", canaries.make("${file:} in a URL"));
        input("bad.credential", canaries.make("${credential:} in a URL"));
        const urls = [
            ...[1, 2, 3].map((i) => bad(`failing endpoint ${i}`)),
            "${BAD_URL}",
            `http://${parrot.host}/v3/\${file:${file}}/\${credential:bad.credential}`,
            `https://${parrot.host}/${canaries.make("an endpoint without TLS")}`,
            `http://${DEAD}/${canaries.make("an endpoint that nobody serves")}`,
        ];
        const hookSecret = Buffer.from(canaries.make("the failing webhook's secret").padEnd(32, "s"));
        const config = input(
            "failing.toml",
            devnetToml(urls) +
                channelsToml({
                    hook: bad("failing webhook"),
                    secret: `whsec_${hookSecret.toString("base64")}`,
                    slack: bad("failing slack"),
                    discord: bad("failing discord"),
                    telegram: `http://${parrot.host}`,
                    token: `123456:${canaries.make("the failing bot", { plain: true }).padEnd(35, "x")}`,
                    pagerduty: bad("failing pagerduty"),
                    routing: canaries.make("the failing integration", { plain: true }).padEnd(32, "0"),
                    managers: bad("failing alertmanager"),
                    mail: `smtp://${DEAD}`,
                    user: canaries.make("the failing mail's user"),
                    password: canaries.make("the failing mail's password"),
                }) +
                HEALTH_ALONE +
                httpToml(token) +
                heartbeatToml(bad("failing heartbeat")),
        );
        const env = { BAD_URL: variable };
        await readAll(config, 2, { codes: [3], env });
        for (const command of ["check-config", "chains", "protocols"]) await run(command, ["--config", config], { env });
        await run("alerts send", ["--config", config], { codes: [3], env });
        const given = bad("--rpc");
        await run("audit", [wallet, "--verbose", "--timeout", "2", "--rpc", given], { codes: [3] });
        await run("audit", ["somebody.eth", "--timeout", "2", "--rpc", given], { codes: [2, 3] });
        await run("audit", [wallet, "--verbose", "--timeout", "2"], { codes: [3], env: { ETH_RPC_URL: bad("failing ETH_RPC_URL") } });
        const proxy = canaries.url("https_proxy", DEAD);
        await run("audit", [wallet, "--timeout", "2", "--rpc", `https://node.example/${canaries.make("an endpoint behind a proxy")}`], { codes: [3], env: { https_proxy: proxy } });
        Object.assign(environment, env);
        const count = heard.length;
        await ask(config, token, () => until(() => heard.length > count + 5, "requests"));
        none();

        // They were used, every one that travels in the open.
        const everything = heard.join("\n");
        const kept = /secret|mail|key$|TLS|nobody|token|heartbeat|proxy/;
        const unused = canaries.names.filter((name) => !kept.test(name) && !canaries.formsOf(name).some((form) => everything.includes(form)));
        assert.deepEqual(unused, []);
    });

    test("are in nothing that is said and written where all goes well", async () => {
        const host = (proxy) => new URL(proxy.url).host;
        const token = canaries.make("the watch's token").padEnd(40, "t");
        canaries.add("the webhook's path", "w3bhookKey");
        canaries.add("the webhook's secret", taking.hook.secret.slice(6), Buffer.from(taking.hook.secret.slice(6), "base64"));
        canaries.add("slack's path", "sl4ckKey");
        canaries.add("discord's path", "d1scordKey");
        canaries.add("telegram's token", taking.telegram.token);
        canaries.add("pagerduty's key", taking.pagerduty.routingKey);
        canaries.add("the mail's password", taking.mail.password);
        input("routing", taking.pagerduty.routingKey);
        const password = input("password", `${taking.mail.password}\n`);
        const env = { GOOD_URL: canaries.url("${GOOD_URL}", host(second)), HOOK_SECRET: taking.hook.secret, SLACK_URL: taking.slack.url, WATCH_TOKEN: token };
        Object.assign(environment, env);
        const config = input(
            "fine.toml",
            devnetToml([canaries.url("the endpoint", host(hop)), "${GOOD_URL}"]) +
                channelsToml({
                    hook: taking.hook.url,
                    secret: "${HOOK_SECRET}",
                    slack: "${SLACK_URL}",
                    discord: taking.discord.url,
                    telegram: taking.telegram.url,
                    token: taking.telegram.token,
                    pagerduty: taking.pagerduty.url,
                    routing: "${credential:routing}",
                    managers: canaries.url("alertmanager", DEAD),
                    mail: taking.mail.url,
                    user: taking.mail.user,
                    password: `\${file:${password}}`,
                }) +
                HEALTH_ALONE +
                httpToml("${WATCH_TOKEN}") +
                heartbeatToml(canaries.url("heartbeat", parrot.host)),
        );
        const where = ["--config", config];
        await readAll(config, 60);
        const file = (name) => path.join(outputs, name);
        const signed = await run("audit", [wallet, "--json", "--sign", signKey, ...where]);
        fs.writeFileSync(file("signed.json"), signed.stdout);
        await run("verify", [file("signed.json")]);
        await run("diff", [file("now.json"), file("now.json"), ...where]);
        await run("audit", [wallet, "--replay", file("exchange.json"), ...where]);
        await run("audit", ["--snapshot", file("now.json"), ...where]);
        await run("index", ["--book", file("again.book"), "--import", file("book.txt")]);
        const bare = input("bare.toml", devnetToml([]));
        await run("audit", [wallet, "--verbose", "--config", bare, "--rpc", canaries.url("a good --rpc", host(hop))]);
        await run("audit", [wallet, "--verbose", "--config", bare], { env: { ETH_RPC_URL: canaries.url("a good ETH_RPC_URL", host(hop)) } });
        for (const command of ["check-config", "chains", "protocols"]) await run(command, where);
        for (const shell of ["bash", "zsh", "fish"]) await run("completions", [shell]);
        await run("man");
        await run("demo");

        const watch = await ask(config, token, async (started) => {
            const { number } = await devnet.chain.mine();
            const store = ["--store", started.store];
            await until(async () => (await started.alerts().catch(() => ({ blocks: [] }))).blocks.some((block) => block.number === String(number)), "a block");
            await price(35n);
            const [{ message }] = await until(() => taking.hook.taken.length > 0 && taking.hook.taken, "an alert");
            for (const name of ["slack", "discord", "telegram", "pagerduty", "mail"]) await until(() => taking[name].taken.length > 0, name);
            await run("alerts list", store);
            await run("alerts list", [...store, "--json"]);
            await run("alerts ack", [message.alert, ...store]);
            await run("alerts silence", [...store, "--for", "1h", "--rule", "health"]);
            await run("alerts test", [...store, ...where, "--since", "9999d"]);
            await run("alerts snapshot", [message.block.hash, ...store]);
            await run("history", [wallet, ...store, ...where, "--since", "9999d"]);
            await run("alerts retry", store);
            await run("status", store);
        });
        await run("status", ["--store", watch.store, "--json"]);
        // Nobody is at one of them.
        await run("alerts send", where, { codes: [3] });
        await run("alerts send", ["hook", "chat", "guild", "group", "pager", "mail", ...where]);
        none();

        const words = async (...outer) => {
            const { stdout } = await run(outer.join(" ") || "--help", outer.length ? ["--help"] : []);
            return [...(stdout.match(/\n(?:Subcommands|Commands):\n((?:.+\n?)*)/i)?.[1] ?? "").matchAll(/^ {2}([a-z-]+)/gm)].map(([, word]) => [...outer, word].join(" "));
        };
        const commands = await words();
        const inner = [...(await words("alerts")), ...(await words("cascade"))];
        assert.ok(commands.length > 15 && inner.length > 6, `${commands} ${inner}`);
        const left = [...commands, ...inner].filter((command) => command !== "alerts" && !fine.has(command));
        assert.deepEqual(left, [], "commands that were not tried");
        none();
    });

    test("are in no refusal of a configuration or a command line", async () => {
        const url = (name) => canaries.url(name, "node.example");
        const secret = (name, options) => canaries.make(name, options);
        const chain = (rpc) => `[chains.devnet]\nchain_id = 31337\n${rpc}\n`;
        const open = input("open", secret("a file that others may read"), 0o644);
        const bareKey = input("bare.key", canaries.add("a bare key", "5a".repeat(32), Buffer.alloc(32, 0x5a)));
        const hook = (keys) => `[[channels]]\nname = "x"\n${keys}\n`;
        const refused = [
            chain(`rpc = "${url("a URL that is no list")}"`),
            chain(`rpc = ["${url("a URL of another scheme").replace("http:", "ftp:")}"]`),
            chain(`rpc = ["https:///${secret("a URL without a host")}"]`),
            chain(`rpc = ["${url("a URL over plain http")}"]`),
            chain(`rpc = ["https://node.example:${secret("a port")}/"]`),
            chain(`rpc = ["${url("a text without its end")}]`),
            chain(`rpc = ["${url("a URL")}"]\nrpc = ["${url("the same again")}"]`),
            chain(`rpcs = ["${url("an unknown key")}"]`),
            chain(`rpc = ["https://node.example/\${file:${open}}"]`),
            chain('rpc = ["${NO_URL}"]'),
            hook(`kind = "webhook"\nurl = "${url("a hook over plain http")}"\nsecret = "whsec_x"`),
            hook(`kind = "webhook"\nurl = "https://x.example/"\nsecret = "whsec_${secret("a short secret")}"`),
            hook(`kind = "webhook"\nurl = "https://x.example/"\nsecret = "whsec_${Buffer.alloc(32, 1).toString("base64")}"\nsign_key = "${bareKey}"`),
            hook(`kind = "slack"\nurl = "${secret("a hook that is no URL")}"`),
            hook(`kind = "telegram"\nchat_id = "1"\ntoken = "${secret("a bot's token of another form")}"`),
            hook(`kind = "pagerduty"\nrouting_key = "${secret("an integration of another form")}"`),
            hook(`kind = "email"\nurl = "${url("a mail server's URL").replace("http", "smtp")}"\nfrom = "a@x.example"\nto = ["b@x.example"]`),
            hook(`kind = "email"\nurl = "smtps://x.example"\npassword = "${secret("a password without a user")}"\nfrom = "a@x.example"\nto = ["b@x.example"]`),
            hook(`kind = "alertmanager"\nurls = ["${secret("a member that is no URL")}"]`),
            `[http]\nlisten = "127.0.0.1:0"\ntoken = "${secret("a short token")}"`,
            heartbeatToml(secret("a heartbeat that is no URL")),
        ];
        const env = { NO_URL: secret("a variable that is no URL") };
        for (const [i, text] of refused.entries()) {
            const config = input(`refused-${i}.toml`, text);
            const { code } = await run("check-config", ["--config", config], { codes: [0, 2], env });
            assert.ok(code === 2, `accepted: ${text}`);
        }
        const beating = input("refused-heartbeat.toml", heartbeatToml(secret("a watched heartbeat that is no URL")));
        await run("watch", [wallet, "--store", path.join(outputs, "refused.db"), "--config", beating], { codes: [2] });
        // Where they do not belong: behind an --rpc that was forgotten, say.
        const lines = [
            ["audit", [wallet, "--rpc", secret("an --rpc that is no URL")]],
            ["audit", [wallet, "--rpc", url("an --rpc over plain http")]],
            ["audit", [wallet, url("a URL for a wallet")]],
            ["audit", [wallet, "--chain", url("a URL for a chain")]],
            ["audit", [wallet, "--block", url("a URL for a block")]],
            ["audit", [wallet, "--config", url("a URL for a file")]],
            ["audit", [wallet, `--rcp=${url("a misspelled --rpc")}`]],
            ["chains", [url("a URL for nothing")]],
            ["audit", [wallet, "--snapshot", "none.json", "--sign", canaries.add("a key for its file", `0x${"6b".repeat(32)}`, Buffer.alloc(32, 0x6b))]],
        ];
        for (const [name, args] of lines) await run(name, args, { codes: [2] });
        await run("audit", [wallet], { codes: [2], env: { ETH_RPC_URL: secret("an ETH_RPC_URL that is no URL") } });
        none();
        assert.ok(canaries.names.length >= 30);
    });
});
