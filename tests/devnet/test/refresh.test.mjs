// A second reading at a later block begins with the answers of the first, but for whom an event names: it must give
// the very report of a reading that begins with nothing, and take few requests where nothing happened.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { encodeAbiParameters, keccak256, numberToHex } from "viem";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { addressOf } from "../lib/random.mjs";
import { mintMany } from "../lib/tokens.mjs";

const HOUR = 3_600;
const STOOD = /answers of block \d+ stood/;

describe("a second reading at a later block", { skip, concurrency: false }, () => {
    let devnet, proxy, hook, config;

    before(async () => {
        devnet = await startDevnet({ wallets: 60, observations: 3, morpho: true });
        hook = (request, forward) => forward(request);
        proxy = await startProxy(devnet.rpcUrl, (...exchange) => hook(...exchange));
        config = writeConfig(devnet.configToml({ rpc: proxy.url }));
    });
    after(async () => {
        await proxy?.stop();
        await devnet?.stop();
    });

    async function read(cache, { wallets = devnet.wallets, block = "latest" } = {}) {
        const before = proxy.log.length;
        const options = ["--config", config, "--cache", cache, "--block", String(block), "--json", "--verbose"];
        const { json, stderr } = await margrave(["audit", ...wallets, ...options]);
        assert.ok(json, stderr);
        return { json, stderr, stood: STOOD.test(stderr), requests: proxy.log.length - before };
    }
    const readAnew = (options) => read(temporaryFolder(), options);

    const timeOf = async (number) => {
        const block = await devnet.chain.rpc("eth_getBlockByNumber", [numberToHex(number), false]);
        return Number(block.timestamp);
    };

    // Every pair of blocks of the devnet's life that are less than an hour apart.
    test("gives what a reading that knows nothing gives, whatever happened between", async (context) => {
        const [from, to] = [devnet.observations[0], devnet.observations.at(-1)].map(({ number }) => Number(number));
        let pairs = 0;
        for (let number = from - 8; number < to; number++) {
            const seconds = (await timeOf(number + 1)) - (await timeOf(number));
            if (seconds > HOUR) continue;
            const cache = temporaryFolder();
            await read(cache, { block: number });
            const second = await read(cache, { block: number + 1 });
            assert.ok(second.stood, `block ${number + 1}, ${second.stderr}`);
            assert.deepEqual(second.json, (await readAnew({ block: number + 1 })).json, `block ${number + 1}`);
            pairs++;
        }
        context.diagnostic(`${pairs} pairs of blocks`);
        assert.ok(pairs >= 5);
    });

    test("takes five requests where nothing happened, for an hour", async (context) => {
        const cache = temporaryFolder();
        const first = await read(cache);
        for (const seconds of [12, 600, 2_900]) {
            await devnet.chain.mine({ seconds });
            const later = await read(cache);
            context.diagnostic(`${first.requests} requests, then ${later.requests}`);
            assert.ok(later.stood);
            assert.ok(later.requests <= 5, later.stderr);
            assert.deepEqual(later.json, (await readAnew()).json);
        }
        await devnet.chain.mine({ seconds: 200 });
        assert.ok(!(await read(cache)).stood, "what is older than an hour does not stand");
    });

    // Of 40 holders one, so that neither chance nor a control finds it.
    const WITHOUT_EVENTS = {
        "every balance": (holders) => holders,
        "one balance": (holders) => holders.slice(7, 8),
    };
    for (const [what, choose] of Object.entries(WITHOUT_EVENTS)) {
        test(`a token that changes ${what} without an event is noticed`, async () => {
            const wallets = Array.from({ length: 40 }, (_, i) => addressOf("refresh", what, i));
            const token = devnet.tokens.USDC;
            // The first holds dust, which no rebase moves.
            const amounts = wallets.map((_, i) => (i === 0 ? 1n : 1_000_000n + BigInt(i)));
            mintMany(devnet.chain, token, wallets, amounts);
            await devnet.chain.mine();
            const cache = temporaryFolder();
            const first = await read(cache, { wallets });
            await growInStorage(token.address, choose(wallets), amounts[1], wallets[1]);
            await devnet.chain.mine();
            const second = await read(cache, { wallets });
            const held = ({ json }) =>
                json.holdings.filter(({ symbol }) => symbol === "USDC").map(({ amount_raw }) => amount_raw);
            assert.equal(held(first).length, wallets.length);
            assert.ok(second.stood, second.stderr);
            assert.deepEqual(second.json, (await readAnew({ wallets })).json);
            assert.notDeepEqual(held(second), held(first));
        });
    }

    // Adds a hundredth, wherever the token has its map of balances: where `known` stands for `holder`.
    async function growInStorage(token, wallets, known, holder) {
        const slotOf = (wallet, position) =>
            keccak256(encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [wallet, position]));
        const { chain } = devnet;
        const balance = async (slot) => BigInt(await chain.rpc("eth_getStorageAt", [token, slot, "latest"]));
        let position = 0n;
        while ((await balance(slotOf(holder, position))) !== known) assert.ok(++position < 100n);
        for (const wallet of wallets) {
            const slot = slotOf(wallet, position);
            const before = await balance(slot);
            const after = numberToHex(before + before / 100n, { size: 32 });
            await chain.rpc("anvil_setStorageAt", [token, slot, after]);
        }
    }

    test("an endpoint that leaves out events is found out where the account that is asked again has changed", async () => {
        const [wallet] = devnet.scenario.map(({ address }) => address);
        const cache = temporaryFolder();
        await read(cache, { wallets: [wallet] });
        mintMany(devnet.chain, devnet.tokens.USDC, [wallet], [1_000_000n]);
        await devnet.chain.mine();
        hook = async (request, forward) => {
            const answers = await forward(request);
            if (!Array.isArray(request)) return answers;
            const isLogs = (id) => request.some((one) => one.id === id && one.method === "eth_getLogs");
            return answers.map((answer) => (isLogs(answer.id) ? { ...answer, result: [] } : answer));
        };
        try {
            const second = await read(cache, { wallets: [wallet] });
            assert.match(second.stderr, /all is read anew: .* no event says why/);
            assert.deepEqual(second.json, (await readAnew({ wallets: [wallet] })).json);
        } finally {
            hook = (request, forward) => forward(request);
        }
    });

    const spoilt = {
        "refuses requests for events": [/all is read anew: .*eth_getLogs/, (one, answer) =>
            one.method === "eth_getLogs" ? { ...answer, result: undefined, error: { code: -32601, message: "no" } } : answer],
        "has another block where the first reading was": [/block \d+ is another one now/, (one, answer) =>
            one.method === "eth_getBlockByNumber" && answer.result?.number === first.number
                ? { ...answer, result: { ...answer.result, hash: `0x${"ab".repeat(32)}` } }
                : answer],
        "answers with events of a block that was not asked for": [/outside of blocks/, (one, answer) =>
            one.method === "eth_getLogs"
                ? { ...answer, result: [{ ...LOG, topics: one.params[0].topics.map((any) => any?.[0] ?? LOG.topics[0]) }] }
                : answer],
    };
    const LOG = {
        address: `0x${"11".repeat(20)}`,
        topics: [`0x${"22".repeat(32)}`],
        data: "0x",
        blockNumber: "0x1",
        blockHash: `0x${"33".repeat(32)}`,
        logIndex: "0x0",
    };
    let first = {};
    for (const [what, [why, change]] of Object.entries(spoilt)) {
        test(`nothing stands where an endpoint ${what}`, async () => {
            const cache = temporaryFolder();
            const wallets = devnet.wallets.slice(0, 40);
            const { json } = await read(cache, { wallets });
            first = { number: numberToHex(json.chains[0].block.number) };
            await devnet.chain.mine();
            hook = async (request, forward) => {
                const answers = await forward(request);
                if (!Array.isArray(request) || !request.some(({ method }) => method === "eth_getLogs")) return answers;
                return answers.map((answer) => change(request.find(({ id }) => id === answer.id), answer));
            };
            try {
                const second = await read(cache, { wallets });
                assert.ok(!second.stood, second.stderr);
                assert.match(second.stderr, why);
                assert.deepEqual(second.json, (await readAnew({ wallets })).json);
            } finally {
                hook = (request, forward) => forward(request);
            }
        });
    }
});
