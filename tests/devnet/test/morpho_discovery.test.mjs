// Markets and pre-liquidation contracts found by events: the same accounts as with a list, whatever the endpoint limits,
// and what was read once is not read again unless the chain was reorganised.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { getAddress, parseAbi } from "viem";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { own } from "../lib/tokens.mjs";

const AUTHORIZE = parseAbi(["function setAuthorization(address authorized, bool newIsAuthorized)"]);
const WAD = 10n ** 18n;
// The market whose oracle reverts leaves gaps in every report.
const GAPS = 4;

const callsOf = (request) => (Array.isArray(request) ? request : [request]);
const scansOf = (log) =>
    log.flatMap(({ request }) => callsOf(request)).filter(({ method }) => method === "eth_getLogs");
const error = (id, code, message) => ({ jsonrpc: "2.0", id, error: { code, message } });

/// A hook that answers some eth_getLogs with an error: `judge(range, result)` says { code, message } or nothing.
const limiting = (judge) => async (request, forward) => {
    const answers = callsOf(await forward(request));
    const judged = callsOf(request).map((call, i) => {
        const answer = answers.find(({ id }) => id === call.id) ?? answers[i];
        if (call.method !== "eth_getLogs") return answer;
        const { fromBlock, toBlock } = call.params[0];
        const refusal = judge(Number(toBlock) - Number(fromBlock) + 1, answer.result ?? []);
        return refusal ? error(call.id, refusal.code, refusal.message) : answer;
    });
    return Array.isArray(request) ? judged : judged[0];
};

describe("markets found by events", { skip, concurrency: false }, () => {
    let devnet, wallets, listed, block, factory, authorising, snapshot;

    before(async () => {
        devnet = await startDevnet({ wallets: 80, observations: 1, aave: false, morpho: true });
        wallets = devnet.wallets;
        const { chain, blue } = devnet;
        // Somebody who owes authorises a contract that may act before the LLTV.
        const { json } = await run(["--config", writeConfig(devnet.configToml())]);
        const debtor = json.accounts.find(({ debt_raw, market }) => debt_raw > "0" && market === blue.markets[0].id);
        authorising = { wallet: debtor.wallet, market: debtor.market };
        factory = chain.deploy(own("PreLiquidationFactory"), [blue.morpho]);
        const params = { preLltv: WAD / 2n, preLCF1: WAD / 10n, preLCF2: WAD / 2n };
        Object.assign(params, { preLIF1: WAD, preLIF2: WAD, preLiquidationOracle: blue.markets[0].oracle });
        const { abi } = own("PreLiquidationFactory");
        chain.send({ to: factory, abi, functionName: "create", args: [debtor.market, params] });
        const made = await chain.mine();
        const [created] = await chain.rpc("eth_getLogs", [{ address: factory, fromBlock: "0x0" }]);
        authorising.contract = getAddress(`0x${created.topics[1].slice(26)}`);
        const args = [authorising.contract, true];
        // As the chain spells it, which counts its transactions.
        const from = wallets.find((wallet) => wallet.toLowerCase() === debtor.wallet.toLowerCase());
        chain.send({ from, to: blue.morpho, abi: AUTHORIZE, functionName: "setAuthorization", args });
        assert.ok(made.number > 0n);
        await chain.mine();
        await grow(1);
    });
    after(() => devnet?.stop());

    // Enough blocks for some of them to be final; `seconds` between them tells one history from another.
    async function grow(seconds) {
        snapshot = await devnet.chain.rpc("evm_snapshot");
        await devnet.chain.rpc("anvil_mine", ["0xc8", `0x${seconds.toString(16)}`]);
        block = Number(await devnet.chain.rpc("eth_blockNumber"));
        listed = (await run(["--config", writeConfig(devnet.configToml())])).json;
    }

    const run = async (args) => {
        const at = block ? ["--block", String(block)] : [];
        const outcome = await margrave(["audit", ...wallets, "--json", ...at, ...args]);
        assert.equal(outcome.code, GAPS, outcome.stderr);
        return outcome;
    };

    /// Audits without a list through a proxy; resolves to { json, stderr, log }.
    async function discover({ hook, cache = temporaryFolder(), toml = {} } = {}) {
        const proxy = await startProxy(devnet.rpcUrl, hook);
        try {
            const config = writeConfig(devnet.configToml({ rpc: proxy.url, market_ids: false, ...toml }));
            return { ...(await run(["--config", config, "--cache", cache])), log: proxy.log };
        } finally {
            await proxy.stop();
        }
    }

    const plain = ({ accounts }) => accounts.map((account) => ({ ...account, warnings: [] }));
    const assertSame = (report) => assert.deepEqual(plain(report), plain(listed));

    const limits = {
        "40 blocks in a request": (blocks) =>
            blocks > 40 && { code: -32000, message: "exceed maximum block range: 40" },
        "30 blocks, in words that nobody knows": (blocks) => blocks > 30 && { code: -32099, message: "no" },
        // All markets were created in one block, which no range is smaller than.
        "5 logs of several blocks in a reply": (blocks, logs) =>
            blocks > 1 && logs.length > 5 && { code: -32005, message: "query returned more than 5 results" },
    };

    test("all markets of the node are found, and their accounts are those of the list", async () => {
        const { json, stderr, log } = await discover();
        assert.ok(new Set(json.accounts.map(({ market }) => market)).size > 5);
        assertSame(json);
        assert.deepEqual(json.gaps, listed.gaps);
        const cost = stderr.match(/events of 0x[0-9a-fA-F]{40}: (\d+) found; \d+ blocks read in \d+ requests/);
        assert.equal(Number(cost[1]), devnet.blue.markets.length);
        assert.ok(scansOf(log).length > 0);
    });

    test("a list is completed by --discover", async () => {
        const { markets } = devnet.blue;
        const config = writeConfig(devnet.configToml({ market_ids: [markets[0].id, markets[1].id] }));
        const cache = temporaryFolder();
        const { json } = await run(["--config", config, "--discover", "--cache", cache]);
        assertSame(json);
        const short = await margrave(["audit", ...wallets, "--json", "--block", String(block), "--config", config]);
        assert.ok(short.json.accounts.length < json.accounts.length);
        assert.doesNotMatch(short.stderr, /events of/);
    });

    test("a second run scans less, and a damaged file is scanned anew", async () => {
        const cache = temporaryFolder();
        const hook = limiting(limits["40 blocks in a request"]);
        const first = await discover({ cache, hook });
        const second = await discover({ cache, hook });
        assertSame(second.json);
        const blocks = ({ log }) =>
            scansOf(log).reduce((sum, { params: [range] }) => sum + 1 + Number(range.toBlock) - Number(range.fromBlock), 0);
        assert.ok(second.log.length < first.log.length, `${second.log.length} requests after ${first.log.length}`);
        assert.ok(blocks(second) < blocks(first) / 2, `${blocks(second)} blocks after ${blocks(first)}`);

        const folder = path.join(cache, "logs", "31337");
        const [file] = fs.readdirSync(folder);
        fs.writeFileSync(path.join(folder, file), "nonsense");
        const third = await discover({ cache, hook });
        assertSame(third.json);
        assert.match(third.stderr, /kept events .* they are read anew/);
        assert.equal(blocks(third), blocks(first));
    });

    test("a reorganisation below what was kept is noticed", async () => {
        const cache = temporaryFolder();
        await discover({ cache });
        await devnet.chain.rpc("evm_revert", [snapshot]);
        await grow(2);
        const { json, stderr } = await discover({ cache });
        assert.match(stderr, /the chain was reorganised; they are read anew/);
        assertSame(json);
    });

    for (const [what, judge] of Object.entries(limits)) {
        test(`an endpoint that takes no more than ${what} gives the same`, async () => {
            let refusals = 0;
            const counting = (...args) => {
                const refusal = judge(...args);
                refusals += refusal ? 1 : 0;
                return refusal;
            };
            const { json } = await discover({ hook: limiting(counting) });
            assert.ok(refusals > 0);
            assertSame(json);
        });
    }

    test("a scan that fails is a gap: markets may be missing", async () => {
        const hook = limiting(() => ({ code: -32600, message: "unauthorized" }));
        const { json } = await discover({ hook });
        assert.equal(json.accounts.length, 0);
        assert.ok(json.gaps.some(({ kind, detail }) => kind === "unauthorized" && /markets may be missing/.test(detail)));
    });

    test("an authorised pre-liquidation contract is found by its factory's events", async () => {
        const { json } = await discover({ toml: { pre_liquidation_factory: factory } });
        const account = json.accounts.find(
            ({ wallet, market }) => wallet === authorising.wallet && market === authorising.market,
        );
        assert.ok(account.warnings.some((warning) => warning.includes(authorising.contract)), account.warnings.join());
        const warned = json.accounts.filter(({ warnings }) => warnings.some((text) => /pre-liquidation/.test(text)));
        assert.equal(warned.length, 1);
        assertSame(json);
    });
});
