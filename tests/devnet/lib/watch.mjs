// A running `margrave watch`, and a receiver of its messages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import http from "node:http";
import path from "node:path";
import { margrave, temporaryFolder, writeConfig } from "./margrave.mjs";

/// Waits until `found()` is truthy and resolves to it.
export async function until(found, what, { timeoutMs = 30_000 } = {}) {
    const end = performance.now() + timeoutMs;
    for (;;) {
        const value = await found();
        if (value) return value;
        if (performance.now() > end) throw new Error(`nothing came of ${what} in ${timeoutMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
}

/// A webhook's receiver that honours keys: `messages` are those that it took, each once; `tries` all that came.
/// `mood(message)` may answer with another HTTP status than 200, or with "hang".
export async function startReceiver() {
    const secret = randomBytes(32);
    const receiver = { messages: [], tries: [], forged: [], mood: () => 200, secret: `whsec_${secret.toString("base64")}` };
    const keys = new Set();
    const server = http.createServer(async (incoming, outgoing) => {
        const chunks = [];
        for await (const chunk of incoming) chunks.push(chunk);
        const body = Buffer.concat(chunks).toString();
        const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = incoming.headers;
        const expected = createHmac("sha256", secret).update(`${id}.${time}.${body}`).digest("base64");
        if (signature !== `v1,${expected}` || Math.abs(Date.now() / 1000 - Number(time)) > 300) receiver.forged.push(body);
        const message = { id, ...JSON.parse(body) };
        receiver.tries.push(message);
        const status = receiver.mood(message);
        if (status === "hang") return;
        if (status === 200 && !keys.has(id)) {
            keys.add(id);
            receiver.messages.push(message);
        }
        outgoing.writeHead(status).end();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${server.address().port}/hook/k-e-y`;
    receiver.stop = () =>
        new Promise((resolve) => {
            server.closeAllConnections();
            server.close(resolve);
        });
    return receiver;
}

/// Fires below 1.1; what else it says may follow.
export const HEALTH_RULE = `
[[rules]]
name = "health"
watch = "health_factor"
severity = "critical"
fire_below = "1.1"
`;

/// Blocks of the devnet are a year old, which is no silence.
const NO_SILENCE = `
[[rules]]
name = "silence"
watch = "block_age"
severity = "critical"
fire_above = "4000000000"
`;

/// Of health alone: what is safe for a block is over.
export const HEALTH_ALONE = `${HEALTH_RULE}clear_above = "1.15"
clear_blocks = 1
${NO_SILENCE}`;

/// What a watch of these wallets is configured with.
export function watchConfig(devnetToml, receiver, rules) {
    return writeConfig(`${devnetToml}
[[channels]]
name = "ops"
kind = "webhook"
url = "${receiver.url}"
secret = "${receiver.secret}"
${NO_SILENCE}
[[rules]]
name = "liquidatable"
watch = "health_factor"
severity = "critical"
fire_below = "0.000000000000000001"

${rules}`);
}

/// A command line of an alert, which names the configuration without its folder, for any folder.
export function withConfig(line, config) {
    const named = ` --config ${path.basename(config)}`;
    assert.ok(line.endsWith(named), line);
    return line.replace(named, ` --config ${config}`);
}

/// A `margrave watch` of its own file, which can be killed and started again.
export class Watch {
    constructor(config, wallets, options = []) {
        this.config = config;
        this.wallets = wallets;
        this.options = options;
        this.store = path.join(temporaryFolder(), "watch.db");
        this.stdout = "";
        this.stderr = "";
    }

    start() {
        const args = ["watch", ...this.wallets, "--config", this.config, "--store", this.store, "--poll-ms", String(this.pollMs ?? 100), ...this.options];
        const { ETH_RPC_URL, ...env } = process.env;
        this.child = spawn(process.env.MARGRAVE_BIN, args, { env: { ...env, ...this.env }, stdio: ["ignore", "pipe", "pipe"] });
        this.child.stdout.on("data", (chunk) => (this.stdout += chunk));
        this.child.stderr.on("data", (chunk) => (this.stderr += chunk));
        this.gone = new Promise((resolve) => this.child.once("exit", (code, signal) => resolve(signal ?? code)));
        return this;
    }

    /// `margrave WORDS… --store FILE`, also while it runs.
    command(...words) {
        return margrave([...words, "--store", this.store]);
    }

    /// Resolves to the exit code, or the signal's name.
    stop(signal = "SIGTERM") {
        this.child.kill(signal);
        return this.gone;
    }

    /// `margrave alerts list --json`, also while it runs.
    async alerts() {
        const { code, json, stderr } = await margrave(["alerts", "list", "--store", this.store, "--json"]);
        if (code !== 0) throw new Error(stderr);
        return json;
    }
}
