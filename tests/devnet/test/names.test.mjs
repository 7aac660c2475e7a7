// Wallets by their names: ENS, over the real registry and resolver, and the configuration's own; and the tokens of a list.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { getAddress, keccak256, namehash, toHex, zeroHash } from "viem";
import { ADMIN } from "../lib/chain.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { changing, startProxy } from "../lib/proxy.mjs";
import { addressOf } from "../lib/random.mjs";
import { mintMany, own } from "../lib/tokens.mjs";

const require = createRequire(import.meta.url);
const Registry = require("@ensdomains/ens/build/contracts/ENSRegistry.json");
const PublicResolver = require("@ensdomains/resolver/build/contracts/PublicResolver.json");
const [holder, other] = [addressOf("names", "holder"), addressOf("names", "other")];

describe("names", { skip, concurrency: false }, () => {
    let devnet, registry, coin, folder;

    before(async () => {
        devnet = await startDevnet({ aave: false, wallets: 0, observations: 0 });
        const { chain, tokens } = devnet;
        registry = chain.deploy(Registry);
        await chain.mine();
        const resolver = chain.deploy(PublicResolver, [registry]);
        coin = chain.deploy(own("Token"), ["COIN", 6]);
        await chain.mine();
        const register = (parent, label, to, owner = ADMIN) => {
            const send = (target, abi, functionName, ...args) =>
                chain.send({ from: ADMIN, to: target, abi, functionName, args });
            send(registry, Registry.abi, "setSubnodeOwner", parent, keccak256(toHex(label)), owner);
            return (node) => {
                if (to === null) return;
                send(registry, Registry.abi, "setResolver", node, resolver);
                if (to) send(resolver, setAddr, "setAddr", node, to);
            };
        };
        const setAddr = [PublicResolver.abi.find(({ name, inputs }) => name === "setAddr" && inputs.length === 2)];
        register(zeroHash, "eth", null)();
        await chain.mine();
        for (const [label, to] of [["fund", holder], ["other", other], ["zero", undefined], ["bare", null]]) {
            register(namehash("eth"), label, to)(namehash(`${label}.eth`));
        }
        await chain.mine();
        mintMany(chain, { address: coin }, [holder], [1_234_567n]);
        mintMany(chain, tokens.WETH, [holder], [5n]);
        await chain.mine();
        folder = mkdtempSync(path.join(os.tmpdir(), "margrave-names-"));
    });
    after(() => devnet?.stop());

    const config = (more = "") =>
        writeConfig(devnet.configToml().replace("chain_id = 31337", `chain_id = 31337\nens_registry = "${getAddress(registry)}"`) + more);

    test("ENS names stand for what their resolver says", async () => {
        const { code, json, stderr } = await margrave(["audit", "fund.eth", "other.eth", "--config", config(), "--json"]);
        assert.equal(code, 0, stderr);
        assert.deepEqual(
            new Set(json.totals.map(({ wallet }) => wallet)),
            new Set([getAddress(holder), getAddress(other)]),
        );
        assert.match(stderr, new RegExp(`fund\\.eth is ${getAddress(holder)}`));
    });

    test("the endpoint of --rpc is for the chain that is read, and not for the names", async () => {
        const elsewhere = await startProxy(devnet.rpcUrl, changing((answer, { method }) => (method === "eth_chainId" ? { ...answer, result: "0x539" } : answer)));
        try {
            const toml = config("\n[chains.elsewhere]\nchain_id = 1337\n");
            const { code, json, stderr } = await margrave(["audit", "fund.eth", "--chain", "elsewhere", "--rpc", elsewhere.url, "--config", toml, "--json"]);
            assert.equal(code, 0, stderr);
            assert.deepEqual(json.chains.map(({ chain }) => chain), ["elsewhere"]);
            assert.match(stderr, new RegExp(`fund\\.eth is ${getAddress(holder)}`));
        } finally {
            await elsewhere.stop();
        }
    });

    test("a name without an address, a resolver or an owner is told, and nothing is read", async () => {
        for (const name of ["zero.eth", "bare.eth", "nobody.eth", "a.b.fund.eth"]) {
            const { code, stdout, stderr } = await margrave(["audit", name, "--config", config()]);
            assert.equal(code, 2, stderr);
            assert.equal(stdout, "");
            assert.match(stderr, new RegExp(`${name.replaceAll(".", "\\.")} has no address`));
        }
    });

    test("configured wallets and portfolios have names", async () => {
        const toml = config(`\n[wallets]\ntreasury = "${holder}"\nnamed = "other.eth"\n[portfolios]\nfund = ["treasury", "named"]\n`);
        const report = await audit(toml, ["fund"]);
        assert.equal(report.totals.length, 2);
        const bad = await margrave(["audit", "fnd", "--config", toml]);
        assert.equal(bad.code, 2);
        assert.equal(bad.stderr.trim().split("\n").length, 1);
    });

    test("the tokens of a list are read, and told in a table for spreadsheets", async () => {
        const list = path.join(folder, "list.json");
        const token = { chainId: 31337, address: getAddress(coin), symbol: "=COIN", name: "Coin", decimals: 2 };
        writeFileSync(list, JSON.stringify({ name: "ours", tokens: [token, { ...token, chainId: 5 }] }));
        const args = ["audit", holder, "--config", config(), "--token-list", list];
        const { json, stderr } = await margrave([...args, "--json"]);
        const held = json.holdings.find(({ asset }) => asset === getAddress(coin));
        assert.equal(held.amount_raw, "1234567");
        assert.equal(held.decimals, 6, "the chain's decimals, not the list's");
        assert.match(stderr, /1 tokens are of chains/);
        const { stdout } = await margrave([...args, "--csv"]);
        const lines = stdout.split("\r\n");
        const columns = lines[0].split(",");
        const row = lines.find((line) => line.includes(getAddress(coin))).split(",");
        assert.equal(row[columns.indexOf("symbol")], "'=COIN");
        assert.equal(row[columns.indexOf("amount")], "1.234567");
        assert.equal(row.length, columns.length);
    });

    test("two snapshots differ by what happened between them", async () => {
        const [before, later] = [path.join(folder, "before.json"), path.join(folder, "later.json")];
        await margrave(["audit", holder, "--config", config(), "--snapshot-out", before]);
        mintMany(devnet.chain, devnet.tokens.WETH, [holder], [7n]);
        await devnet.chain.mine();
        await margrave(["audit", holder, "--config", config(), "--snapshot-out", later]);
        const { code, json } = await margrave(["diff", before, later, "--json"]);
        assert.equal(code, 0);
        assertValid("diff.schema.json", json);
        const change = json.holdings.changed.find(({ symbol }) => symbol === "WETH");
        assert.deepEqual(change.changes.amount_raw, { before: "5", after: "12" });
        assert.equal((await margrave(["diff", before, before])).stdout, "The two say the same.\n");
    });
});
