// Runs the margrave binary.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const binary = process.env.MARGRAVE_BIN;

/// A reason to skip, for node:test: no binary was named. A binary that is named but missing fails the test instead.
export const skip = binary ? false : "MARGRAVE_BIN names no margrave binary";

let cacheHome;

/// Resolves to { code, stdout, stderr, json }; json is null when stdout is none. `more` is added to the environment.
export function margrave(args, { timeoutMs = 300_000, env: more = {}, cwd } = {}) {
    // The caller's own endpoint must not answer for the devnet, nor its kept events for another devnet's.
    const { ETH_RPC_URL, ...environment } = process.env;
    const env = { ...environment, XDG_CACHE_HOME: (cacheHome ??= temporaryFolder()), ...more };
    const child = spawn(binary, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    return new Promise((resolve, reject) => {
        const stdout = [],
            stderr = [];
        child.stdout.on("data", (chunk) => stdout.push(chunk));
        child.stderr.on("data", (chunk) => stderr.push(chunk));
        child.on("error", reject);
        child.on("close", (code) =>
            resolve(outcome(code, Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString())),
        );
    });
}

function outcome(code, stdout, stderr) {
    let json = null;
    try {
        json = JSON.parse(stdout);
    } catch {
        // Not every command prints JSON, and a failing one may print nothing.
    }
    return { code, stdout, stderr, json };
}

/// A folder that lives as long as the process.
export function temporaryFolder() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "margrave-devnet-"));
    process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/// Writes a configuration and returns its path.
export function writeConfig(toml) {
    const file = path.join(temporaryFolder(), "devnet.toml");
    fs.writeFileSync(file, toml);
    return file;
}

/// `margrave audit --json` of any number of wallets, in chunks that fit a command line, merged into one report.
/// Throws, with what margrave had to say, when it exits with anything but `expectedCode`.
export async function audit(config, wallets, { block, options = [], chunk = 1000, expectedCode = 0 } = {}) {
    const reports = [];
    for (let start = 0; start < wallets.length; start += chunk) {
        const at = block === undefined ? [] : ["--block", String(block)];
        const args = ["audit", ...wallets.slice(start, start + chunk), "--config", config, "--json", ...at, ...options];
        const { code, stderr, json } = await margrave(args);
        if (code !== expectedCode || !json) {
            const gaps =
                json?.gaps
                    ?.slice(0, 5)
                    .map((gap) => JSON.stringify(gap))
                    .join("\n") ?? "";
            throw new Error(
                `margrave audit exited with ${code}, not ${expectedCode}\n${stderr.slice(0, 4000)}\n${gaps}`,
            );
        }
        reports.push(json);
    }
    const all = (field) => reports.flatMap((report) => report[field]);
    return { ...reports[0], accounts: all("accounts"), holdings: all("holdings"), gaps: all("gaps") };
}
