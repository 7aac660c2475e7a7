#!/usr/bin/env node
// Records the exchange behind the demo: six instructive wallets, audited once on a small devnet.
//   MARGRAVE_BIN=… node record_demo.mjs FOLDER
// Writes demo.toml (the configuration), exchange.json (the recording, which replays without a node) and wallets.toml.
import fs from "node:fs";
import path from "node:path";
import { getAddress } from "viem";
import { startDevnet } from "./lib/devnet.mjs";
import { MORPHO } from "./lib/morpho.mjs";
import { addressOf } from "./lib/random.mjs";
import { mintMany } from "./lib/tokens.mjs";
import { margrave, writeConfig } from "./lib/margrave.mjs";
import { INSTRUCTIVE } from "./lib/scenario.mjs";

const [folder] = process.argv.slice(2);
if (!folder || !process.env.MARGRAVE_BIN) {
    console.error("usage: MARGRAVE_BIN=… node record_demo.mjs FOLDER");
    process.exit(2);
}

const WRITTEN_BY = "# Written by tests/devnet/record_demo.mjs.\n\n";

// No random wallets: with the first price fall, only the named ones are there.
const devnet = await startDevnet({ wallets: 0, observations: 1, morpho: true });
try {
    const wallets = INSTRUCTIVE.map((label) => {
        const { address } = devnet.scenario.find((wallet) => wallet.label === label);
        return { label, address: getAddress(address) };
    });
    await borrowOnMorpho(devnet.scenario.find(({ label }) => label === "healthy").address);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "wallets.toml"), walletsToml(wallets));
    // The replay asks nobody, so the configuration it ships with names the usual local endpoint, not today's port.
    fs.writeFileSync(path.join(folder, "demo.toml"), WRITTEN_BY + devnet.configToml({ rpc: "http://127.0.0.1:8545" }));
    await record(writeConfig(devnet.configToml()), wallets);
} finally {
    await devnet.stop();
}

// A second protocol beside the wallet's account at Aave: 10 WETH against 15,000 USDC, a third short of its limit.
async function borrowOnMorpho(borrower) {
    const { chain, blue } = devnet;
    const { params, loan, collateral } = blue.markets.find(({ label }) => label === "WETH for USDC");
    const lender = addressOf("margrave devnet", "demo lender");
    const call = (from, functionName, ...args) => chain.send({ from, to: blue.morpho, abi: MORPHO, functionName, args });
    const [lent, owed, posted] = [100_000n * 10n ** 6n, 15_000n * 10n ** 6n, 10n ** 19n];
    mintMany(chain, loan, [lender], [lent]);
    mintMany(chain, collateral, [borrower], [posted]);
    call(lender, "supply", params, lent, 0n, lender, "0x");
    call(borrower, "supplyCollateral", params, posted, borrower, "0x");
    call(borrower, "borrow", params, owed, 0n, borrower, borrower);
    await chain.mine();
    await chain.mine({ seconds: 3600 });
}

async function record(config, wallets) {
    const exchangeFile = path.join(folder, "exchange.json");
    // Without --block, so that a replay needs none either: the newest block is the one to look at.
    const addresses = wallets.map(({ address }) => address);
    const { code, stdout, stderr } = await margrave([
        "audit",
        ...addresses,
        "--config",
        config,
        "--record",
        exchangeFile,
    ]);
    console.error(stderr);
    console.log(stdout);
    if (code !== 0) throw new Error(`margrave exited with ${code}`);
    if (fs.readFileSync(exchangeFile, "utf8").includes("eth_getCode"))
        throw new Error("the recording holds contract code");
}

function walletsToml(wallets) {
    const tables = wallets.map(({ label, address }) => `[[wallets]]\naddress = "${address}"\nlabel = "${label}"\n`);
    return WRITTEN_BY + tables.join("\n");
}
