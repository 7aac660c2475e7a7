// Runs tests/replica/replay_actions: one JSON line in, one out.
import { spawn } from "node:child_process";
import readline from "node:readline";

const binary = process.env.MARGRAVE_REPLAY_BIN;

/// A reason to skip, for node:test.
export const skip = binary ? false : "MARGRAVE_REPLAY_BIN names no replay_actions";

export class Replay {
    #child;
    #waiting = [];
    #trouble = "";

    constructor(snapshotFile) {
        this.#child = spawn(binary, [snapshotFile], { stdio: ["pipe", "pipe", "pipe"] });
        readline
            .createInterface({ input: this.#child.stdout })
            .on("line", (line) => this.#waiting.shift().resolve(JSON.parse(line)));
        this.#child.stderr.on("data", (chunk) => (this.#trouble += chunk));
        this.#child.on("close", (code) => {
            for (const { reject } of this.#waiting) reject(new Error(`replay ended with ${code}: ${this.#trouble}`));
        });
    }

    /// Resolves to the answer. Lines are answered in their order, so many may be under way. Integers become text.
    ask(line) {
        return new Promise((resolve, reject) => {
            this.#waiting.push({ resolve, reject });
            this.#child.stdin.write(
                `${JSON.stringify(line, (_, value) =>
                    typeof value === "bigint" || typeof value === "number" ? String(value) : value,
                )}\n`,
            );
        });
    }

    stop() {
        this.#child.stdin.end();
    }
}
