// Starts and stops a local node on a free port.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

export const CHAIN_ID = 31337;
export const GENESIS_TIME = 1_750_000_000;

const running = new Set();

/// Resolves to { url, port, stop() } once the node listens. Blocks come only when asked for, the sender decides the
/// order by gas price, and any address may send: all so that one seed gives one chain. Of old blocks' states
/// `statesOnDisk` are kept beside those in memory.
export async function startAnvil({ chainId = CHAIN_ID, genesisTime = GENESIS_TIME, statesOnDisk = 1000 } = {}) {
    const node = spawnWithParent(binary(), [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--chain-id",
        String(chainId),
        "--timestamp",
        String(genesisTime),
        "--no-mining",
        "--order",
        "fees",
        "--auto-impersonate",
        "--no-request-size-limit",
        "--base-fee",
        "0",
        "--gas-price",
        "0",
        "--disable-min-priority-fee",
        // One eth_call may aggregate thousands of views.
        "--gas-limit",
        "10000000000",
        "--no-console-log",
        "--max-persisted-states",
        String(statesOnDisk),
    ]);
    const stop = () => stopNode(node);
    running.add(stop);
    const port = await listeningPort(node);
    return { url: `http://127.0.0.1:${port}`, port, stop };
}

function binary() {
    // For machines the package has no binary for.
    if (process.env.ANVIL_BIN) return process.env.ANVIL_BIN;
    const packageFile = createRequire(import.meta.url).resolve(
        `@foundry-rs/anvil-linux-${process.arch === "x64" ? "amd64" : process.arch}/package.json`,
    );
    return path.join(path.dirname(packageFile), "bin", "anvil");
}

// The shell ends its child when its own standard input closes. The kernel closes that however we die, so that even
// a killed test run leaves no node behind, nor the states that it keeps on disk, gigabytes of them, which it would not
// remove itself. A session of its own keeps Ctrl-C with us, who then close the input.
const GUARD = `exec 3<&0; states=$(mktemp -d); "$@" --cache-path "$states" 3<&- & child=$!
    (cat <&3 >/dev/null; kill $child 2>/dev/null) & wait $child; code=$?; rm -rf "$states"; exit $code`;

function spawnWithParent(command, args) {
    return spawn("sh", ["-c", GUARD, "sh", command, ...args], { detached: true, stdio: ["pipe", "pipe", "pipe"] });
}

function listeningPort(node) {
    return new Promise((resolve, reject) => {
        let output = "";
        const read = (chunk) => {
            output += chunk;
            const found = output.match(/Listening on 127\.0\.0\.1:(\d+)/);
            if (!found) return;
            // From here on the node's log only has to be drained.
            for (const stream of [node.stdout, node.stderr]) stream.off("data", read).resume();
            resolve(Number(found[1]));
        };
        node.stdout.on("data", read);
        node.stderr.on("data", read);
        node.on("error", reject);
        node.on("exit", (code) => reject(new Error(`anvil ended with ${code} before it listened:\n${output}`)));
    });
}

function stopNode(node) {
    return new Promise((resolve) => {
        if (node.exitCode !== null || node.signalCode !== null) return resolve();
        node.once("exit", resolve);
        node.stdin.end();
    });
}

process.on("exit", () => running.forEach((stop) => stop()));
for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
]) {
    process.once(signal, () => process.exit(code));
}
