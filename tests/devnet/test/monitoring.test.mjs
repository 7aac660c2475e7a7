// The alert rules and the dashboard that are shipped, against a running watch and a real Prometheus.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startDevnet } from "../lib/devnet.mjs";
import { listening, valueOf } from "../lib/http.mjs";
import { skip, temporaryFolder } from "../lib/margrave.mjs";
import { RawReply, startProxy } from "../lib/proxy.mjs";
import { Watch, startReceiver, until, watchConfig } from "../lib/watch.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const rulesFile = path.join(root, "docs/monitoring/prometheus-rules.yml");
const rulesTests = path.join(root, "tests/monitoring/prometheus-rules.test.yml");
const rules = fs.readFileSync(rulesFile, "utf8");
const dashboard = JSON.parse(fs.readFileSync(path.join(root, "docs/monitoring/grafana-dashboard.json"), "utf8"));
const expressions = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr]));
const run = promisify(execFile);

async function freePort() {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/// Prometheus on a free port, which scrapes the watch each second and judges by these rules.
async function startPrometheus(watch, rulesText) {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, "rules.yml"), rulesText);
    const config = `
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: margrave
    static_configs: [{targets: ["127.0.0.1:${watch.port}"]}]
`;
    fs.writeFileSync(path.join(folder, "prometheus.yml"), config);
    const port = await freePort();
    const args = [`--config.file=${path.join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${path.join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`];
    const child = spawn("prometheus", args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    const gone = new Promise((resolve) => child.once("exit", resolve).once("error", (error) => resolve((said += error))));
    const api = async (what) => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${what}`).catch(() => null);
        // While it starts it answers in plain words.
        return answer?.headers.get("content-type")?.includes("json") ? answer.json() : null;
    };
    const stop = () => (child.kill("SIGKILL"), gone);
    await until(async () => (await api("targets"))?.data.activeTargets[0]?.health === "up", "a scrape").catch(async (error) => {
        await stop();
        throw new Error(`${error.message}: ${said}`);
    });
    return { api, stop, query: (expr) => api(`query?query=${encodeURIComponent(expr)}`) };
}

describe("monitoring", { skip, concurrency: false }, () => {
    let devnet, receiver, proxy, second, watch, prometheus, cut;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 0 });
        receiver = await startReceiver();
        proxy = await startProxy(devnet.rpcUrl, async (request, forward) =>
            cut ? new RawReply({ status: 503, body: "gone" }) : forward(request),
        );
        const healthy = devnet.scenario.find(({ label }) => label === "healthy").address;
        second = await startProxy(devnet.rpcUrl);
        const config = devnet.configToml().replace(/rpc = .*\n/, `rpc = ["${proxy.url}", "${second.url}"]\nquorum = 2\n`);
        watch = new Watch(watchConfig(config, receiver, ""), [healthy], ["--listen", "127.0.0.1:0"]).start();
        await listening(watch);
        await until(async () => (await watch.get("/readyz")).status === 200, "a watch that is ready");
    });
    after(async () => {
        await prometheus?.stop();
        await watch?.stop("SIGKILL");
        await Promise.all([devnet?.stop(), receiver?.stop(), proxy?.stop(), second?.stop()]);
    });

    test("the rules are good, do what their tests say, and none is without one", async () => {
        await run("promtool", ["check", "rules", rulesFile]);
        await run("promtool", ["test", "rules", rulesTests]);
        const tests = fs.readFileSync(rulesTests, "utf8");
        const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
        assert.ok(alerts.length > 5);
        for (const name of alerts) {
            const at = tests.indexOf(`alertname: ${name}\n        exp_alerts:\n          - exp_labels`);
            assert.ok(at > 0, `${name} fires in a test`);
        }
    });

    test("every metric that rules and dashboard speak of is one that a watch exposes", async () => {
        const { types } = await watch.metrics();
        const named = [...(rules + JSON.stringify(dashboard)).matchAll(/\b(?:margrave|process)_[a-z_]+/g)].map(([name]) => name);
        assert.ok(new Set(named).size > 15);
        // Nothing waits, and nothing else prices what the account has.
        const ofTrouble = new Set(["margrave_oracle_divergence_ratio", "margrave_outbox_oldest_timestamp_seconds"]);
        for (const name of new Set(named)) {
            const family = name.replace(/_bucket$/, "");
            const isShown = types[family] && (family === name || types[family] === "histogram");
            assert.ok(isShown || ofTrouble.has(name), name);
        }
        // And the other way: no figure that only somebody who knows of it looks at.
        const shown = expressions.map(([, expr]) => expr).join(" ");
        const left = Object.keys(types).filter((name) => !shown.includes(name));
        const byHand = ["build_info", "chain_head_timestamp_seconds", "chain_readable", "chain_verified_head_number", "clock_step_total", "config_last_reload_success_timestamp_seconds", "config_last_reload_successful", "evaluation_last_success_timestamp_seconds", "http_requests_total", "notification_duration_seconds", "process_virtual_memory_bytes", "start_time_seconds"];
        assert.deepEqual(left.map((name) => name.replace("margrave_", "")).sort(), byHand);
    });

    test("a Prometheus scrapes the watch, and alerts when the node is gone and when the watch is", async () => {
        // The waiting times are shortened, nothing else.
        prometheus = await startPrometheus(watch, rules.replace(/for: \d+m/g, "for: 2s"));
        const state = async (name) => (await prometheus.api("alerts")).data.alerts.find(({ labels }) => labels.alertname === name)?.state;
        const judged = await prometheus.api("rules");
        assert.equal(judged.data.groups[0].rules.length, [...rules.matchAll(/- alert:/g)].length);
        await until(async () => (await prometheus.query("count_over_time(margrave_evaluations_total[1m])")).data.result[0]?.value[1] > 3, "some scrapes");

        // What every panel asks for is a query, and most of them have an answer by now.
        const unanswered = new Set();
        for (const [title, expr] of expressions) {
            const asked = expr.replaceAll("$job", "margrave").replaceAll("$chain", ".*").replace(/\[\d+[mh]\]/g, "[1m]");
            const { status, error, data } = await prometheus.query(asked);
            assert.equal(status, "success", `${title}: ${error}`);
            if (data.result.length === 0) unanswered.add(title);
        }
        // Nothing went wrong yet.
        const ofTrouble = ["Answers that cannot be", "Endpoints that are not in use", "From block to alert, 95 %", "Prices beside another source", "Reading failures and reorganisations", "The oldest that waits"];
        assert.deepEqual([...unanswered].filter((title) => !ofTrouble.includes(title)), []);

        assert.equal(await state("MargraveChainUnreadable"), undefined);
        cut = true;
        await until(async () => (await state("MargraveChainUnreadable")) === "firing", "an alert", { timeoutMs: 60_000 });
        assert.equal(valueOf(await watch.metrics(), "margrave_chain_readable", { chain: "devnet" }), 0);
        cut = false;
        await until(async () => (await state("MargraveChainUnreadable")) === undefined, "its end", { timeoutMs: 60_000 });
        assert.equal(await state("MargraveDown"), undefined);
        await watch.stop();
        await until(async () => (await state("MargraveDown")) === "firing", "another alert", { timeoutMs: 60_000 });
    });
});
