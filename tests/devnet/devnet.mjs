#!/usr/bin/env node
// Starts a devnet to play with, and stays until Ctrl-C or until its standard input closes.
//   node devnet.mjs [FOLDER] [--wallets N] [--seed TEXT] [--morpho]
// FOLDER (default: ./devnet) receives devnet.toml, the configuration for margrave, and wallets.txt.
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { startDevnet } from "./lib/devnet.mjs";

const {
    values,
    positionals: [folder = "devnet"],
} = parseArgs({
    allowPositionals: true,
    options: {
        wallets: { type: "string", default: "50" },
        seed: { type: "string", default: "margrave" },
        morpho: { type: "boolean", default: false },
    },
});

const log = (...words) =>
    console.error(words.map((word) => (typeof word === "object" ? JSON.stringify(word) : word)).join(" "));
const { seed, morpho } = values;
const devnet = await startDevnet({ seed, wallets: Number(values.wallets), morpho, log });
const labels = new Map(devnet.scenario.map(({ label, address }) => [address, label]));

fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(path.join(folder, "devnet.toml"), devnet.configToml());
const lines = devnet.wallets.map((address) => (labels.has(address) ? `${address} # ${labels.get(address)}` : address));
fs.writeFileSync(path.join(folder, "wallets.txt"), `${lines.join("\n")}\n`);

console.log(devnet.rpcUrl);
for (const { label, address } of devnet.scenario) console.log(`${address} ${label}`);
for (const { number, timestamp } of devnet.observations) console.log(`observed at block ${number}, time ${timestamp}`);

process.stdin.resume().on("end", async () => {
    await devnet.stop();
    process.exit(0);
});
