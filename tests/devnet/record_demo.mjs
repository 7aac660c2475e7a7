#!/usr/bin/env node
// Records the exchanges behind the demo: six instructive wallets, audited once on a small devnet, and the cascade that
// one of them is in.
//   MARGRAVE_BIN=… node record_demo.mjs FOLDER
// Writes demo.toml (the configuration), wallets.toml, playbook.toml, and the recordings, which replay without a node.
import fs from "node:fs";
import path from "node:path";
import { getAddress } from "viem";
import { POOL } from "./lib/aave.mjs";
import { playbookToml } from "./lib/cascade.mjs";
import { startDevnet } from "./lib/devnet.mjs";
import { MORPHO } from "./lib/morpho.mjs";
import { addressOf } from "./lib/random.mjs";
import { mintMany, setFeed } from "./lib/tokens.mjs";
import { margrave, writeConfig } from "./lib/margrave.mjs";
import { INSTRUCTIVE } from "./lib/scenario.mjs";
import { TICK_MAX, addPosition, deployUniswap, makePool, poolsToml, sqrtPriceOf, supplyTokens } from "./lib/uniswap.mjs";

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
    const pool = await makeEtherPool();
    const neighbours = await makeNeighbours();
    const near = wallets.find(({ label }) => label === "near").address;
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "wallets.toml"), walletsToml(wallets));
    // The replay asks nobody, so the configuration it ships with names the usual local endpoint, not today's port.
    const configWith = (options) => [devnet.configToml(options), poolsToml([pool], { band: 5000 })].join("\n");
    fs.writeFileSync(path.join(folder, "demo.toml"), WRITTEN_BY + configWith({ rpc: "http://127.0.0.1:8545" }));
    const playbook = path.join(folder, "playbook.toml");
    fs.writeFileSync(playbook, WRITTEN_BY + playbookOf(pool, near, neighbours));
    const config = writeConfig(configWith({}));
    // Without --block, so that a replay needs none either: the newest block is the one to look at.
    await record(["audit", ...wallets.map(({ address }) => address)], config, "exchange.json");
    await record(["cascade", "--playbook", playbook], config, "cascade_exchange.json");
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

// What ether is sold into: 3,000 of it against dollars, at the feeds' price.
async function makeEtherPool() {
    const { chain, tokens } = devnet;
    const uniswap = deployUniswap(chain);
    await chain.mine();
    supplyTokens(chain, uniswap, [tokens.WETH, tokens.USDC]);
    await chain.mine();
    const [token0, token1] = [tokens.WETH, tokens.USDC].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
    const pool = await makePool(chain, uniswap, token0, token1, 500, sqrtPriceOf(token0, token1, [token0.price, token1.price]));
    const end = Math.floor(TICK_MAX / pool.spacing) * pool.spacing;
    const ethers = 3_000n * 10n ** 18n;
    const dollars = (ethers * tokens.WETH.price) / tokens.USDC.price / 10n ** 12n;
    addPosition(chain, uniswap, pool, -end, end, ...(token0 === tokens.WETH ? [ethers, dollars] : [dollars, ethers]));
    await chain.mine();
    return pool;
}

// Others in the market of "near", each a little nearer to its limit than the last: 100 WETH against USDC.
async function makeNeighbours() {
    const { chain, tokens, markets } = devnet;
    const { pool, reserves } = markets.find(({ name }) => name === "v30");
    const { lt } = reserves.find(({ symbol }) => symbol === "WETH");
    const { WETH, USDC } = tokens;
    const call = (from, functionName, ...args) => chain.send({ from, to: pool, abi: POOL, functionName, args });
    const lender = addressOf("margrave devnet", "demo neighbours' lender");
    mintMany(chain, USDC, [lender], [10n ** 14n]);
    call(lender, "supply", USDC.address, 10n ** 14n, lender, 0);
    // So near to its limit an account can only come by a fall.
    setFeed(chain, WETH.feed, (WETH.price * 11n) / 10n);
    const posted = 100n * 10n ** 18n;
    const neighbours = Array.from({ length: 12 }, (_, i) => addressOf("margrave devnet", "demo neighbour", i));
    mintMany(chain, WETH, neighbours, neighbours.map(() => posted));
    neighbours.forEach((wallet, i) => {
        const healthBps = 10_060n + 20n * BigInt(i);
        const owed = (posted * WETH.price * BigInt(lt)) / (USDC.price * healthBps * 10n ** 12n);
        call(wallet, "supply", WETH.address, posted, wallet, 0);
        call(wallet, "borrow", USDC.address, owed, 2n, 0, wallet);
    });
    await chain.mine();
    setFeed(chain, WETH.feed, WETH.price);
    await chain.mine();
    return neighbours.map((wallet) => getAddress(wallet));
}

// Nothing happens but a fall of ether by one percent outside.
function playbookOf(pool, own, wallets) {
    const market = { protocol: "aave_v3", name: "v30" };
    return playbookToml({
        lenders: [market],
        wallets,
        own: [own],
        sell: "to-debt",
        order: "most-profitable",
        pair: "most-profitable",
        venues: [{ asset: "WETH", into: "USDC", pool }],
        oracles: [{ asset: "WETH", protocol: market.protocol, market: market.name, pool, dollars: [1n, 1n], anchor: "basis" }],
        price: { "ETH/USD": "-1%" },
    });
}

async function record(command, config, name) {
    const file = path.join(folder, name);
    const { code, stdout, stderr } = await margrave([...command, "--config", config, "--record", file]);
    console.error(stderr);
    console.log(stdout);
    if (code !== 0) throw new Error(`margrave exited with ${code}`);
    if (fs.readFileSync(file, "utf8").includes("eth_getCode")) throw new Error("the recording holds contract code");
}

function walletsToml(wallets) {
    const tables = wallets.map(({ label, address }) => `[[wallets]]\naddress = "${address}"\nlabel = "${label}"\n`);
    return WRITTEN_BY + tables.join("\n");
}
