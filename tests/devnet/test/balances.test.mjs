// What wallets hold is asked by a small program inside the node. Here the real machine runs it, over tokens of every
// kind; whatever the node makes of it, no wallet looks poorer.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { getAddress, toFunctionSelector } from "viem";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { isProgram, spoilPrograms } from "../lib/programs.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { addressOf } from "../lib/random.mjs";
import { innerCalls } from "../lib/tamper.mjs";
import { mintMany, own } from "../lib/tokens.mjs";

const BALANCE_OF = toFunctionSelector("balanceOf(address)");
const NOWHERE = "0x000000000000000000000000000000000000dEaD";
const HOLDERS = 120;
// A balance is told in 112 bits; the last of them marks.
const EVERYBODY = { LARGEST: 2n ** 112n - 2n, MARKED: 2n ** 112n - 1n, LARGER: 2n ** 112n, ALL: 2n ** 256n - 1n };

describe("balances", { skip, concurrency: false }, () => {
    let devnet, odd, holders, poor, truth;

    before(async () => {
        devnet = await startDevnet({ aave: false, wallets: 0, observations: 0 });
        const { chain, tokens } = devnet;
        odd = deployOdd(chain);
        holders = Array.from({ length: HOLDERS }, (_, i) => addressOf("balances", `holder ${i}`));
        poor = addressOf("balances", "poor");
        truth = Object.fromEntries(holders.map((wallet) => [wallet, {}]));
        holders.forEach((wallet, i) => {
            for (const [symbol, amount] of [["WETH", 10n ** 18n + BigInt(i)], ["USDC", i % 2 ? BigInt(i) : 0n], ["PROXIED", i % 3 ? 0n : 7n]]) {
                if (amount) truth[wallet][symbol] = amount;
            }
        });
        const hand = (token, symbol) =>
            mintMany(chain, token, holders, holders.map((wallet) => truth[wallet][symbol] ?? 0n));
        hand(tokens.WETH, "WETH");
        hand(tokens.USDC, "USDC");
        hand({ address: odd.PROXIED }, "PROXIED");
        await chain.mine();
    });
    after(() => devnet?.stop());

    function deployOdd(chain) {
        const implementation = chain.deploy(own("Token"), ["PROXIED", 18]);
        const everybody = Object.entries(EVERYBODY).map(([symbol, amount]) => [
            symbol,
            chain.deploy(own("EverybodyToken"), [amount]),
        ]);
        return {
            PROXIED: chain.deploy(own("ProxyToken"), [implementation]),
            REVERTS: chain.deploy(own("RevertingToken")),
            SHORT: chain.deploy(own("ShortToken")),
            HUNGRY: chain.deploy(own("HungryToken")),
            BOMB: chain.deploy(own("BombToken")),
            TALKS: chain.deploy(own("TalkativeToken")),
            NOWHERE,
            ...Object.fromEntries(everybody),
        };
    }

    // Only the tokens named, beside the devnet's own.
    async function audit(symbols, wallets, hook) {
        const log = [];
        const proxy = await startProxy(devnet.rpcUrl, async (request, forward, wire) => {
            log.push(...[request].flat());
            return hook ? hook(request, forward, wire) : forward(request);
        });
        try {
            const assets = symbols.map(
                (symbol) =>
                    `[[assets]]\nchain = "devnet"\naddress = "${getAddress(odd[symbol])}"\nsymbol = "${symbol}"\n`,
            );
            const config = writeConfig([devnet.configToml({ rpc: proxy.url }), ...assets].join("\n"));
            const outcome = await margrave(["audit", ...wallets, "--config", config, "--json", "--timeout", "20"]);
            assert.ok(outcome.json, outcome.stderr);
            return { ...outcome, log, balancesAsked: balancesAskedIn(log), programs: log.filter(isProgram).length };
        } finally {
            await proxy.stop();
        }
    }

    const held = ({ json }, wallet) =>
        Object.fromEntries(
            json.holdings
                .filter((holding) => holding.wallet.toLowerCase() === wallet.toLowerCase() && holding.asset)
                .map(({ symbol, amount_raw }) => [symbol, BigInt(amount_raw)]),
        );
    const assertTruth = (outcome, extra = {}) => {
        for (const wallet of holders) assert.deepEqual(sorted(held(outcome, wallet)), sorted({ ...truth[wallet], ...extra }));
        assert.deepEqual(sorted(held(outcome, poor)), sorted(extra));
    };

    test("are named by one program, and no token is asked by itself", async () => {
        const outcome = await audit(["PROXIED"], [...holders, poor]);
        assert.equal(outcome.code, 0, outcome.stderr);
        assertTruth(outcome);
        assert.equal(outcome.balancesAsked, 0);
        assert.ok(outcome.programs >= 1);
    });

    test("of a wallet that holds nothing are none", async () => {
        const outcome = await audit(["PROXIED"], [poor]);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.deepEqual(outcome.json.holdings, []);
        assert.equal(outcome.balancesAsked, 0);
    });

    test("of tokens that give no usable answer are gaps of those tokens", async () => {
        const outcome = await audit(["PROXIED", "REVERTS", "SHORT", "HUNGRY", "BOMB", "NOWHERE"], [...holders, poor]);
        assert.equal(outcome.code, 4, outcome.stderr);
        assertTruth(outcome);
        const gap = (symbol) => outcome.json.gaps.filter(({ detail }) => detail.includes(`holding of ${symbol}:`));
        for (const [symbol, kind] of [["REVERTS", "reverted"], ["SHORT", "bad_data"], ["BOMB", "reverted"], ["NOWHERE", "empty_reply"]]) {
            assert.deepEqual(gap(symbol).map((one) => one.kind), [kind], symbol);
        }
        assert.equal(gap("HUNGRY").length, 1);
    });

    test("are right at the largest that the program tells, and beyond", async () => {
        const symbols = Object.keys(EVERYBODY);
        const outcome = await audit([...symbols, "TALKS", "PROXIED"], [...holders.slice(0, 3), poor]);
        assert.equal(outcome.code, 0, outcome.stderr);
        for (const wallet of [...holders.slice(0, 3), poor]) {
            assert.deepEqual(sorted(held(outcome, wallet)), sorted({ ...truth[wallet], ...EVERYBODY, TALKS: 42n }));
        }
    });

    test("are the same where calls get little gas: the program goes on where it stopped", async () => {
        const outcome = await audit(
            ["PROXIED"],
            [...holders, poor],
            spoilPrograms((request, forward) =>
                forward({ ...request, params: [{ ...request.params[0], gas: "0x2dc6c0" }, request.params[1]] }),
            ),
        );
        assert.equal(outcome.code, 0, outcome.stderr);
        assertTruth(outcome);
        assert.ok(outcome.programs > 2, `${outcome.programs} programs`);
        assert.equal(outcome.balancesAsked, 0);
    });

    // A spoiled program leaves the present way of asking: every token of every wallet.
    const error = ({ id }, code, message) => ({ jsonrpc: "2.0", id, error: { code, message } });
    const spoilt = (change) =>
        spoilPrograms(async (request, forward) => {
            const answer = await forward(request);
            return { ...answer, result: change(answer.result) };
        });
    for (const [what, hook] of [
        ["that refuses creation calls", spoilPrograms((request) => error(request, -32000, "contract creation is disabled"))],
        ["that calls them a wrong parameter", spoilPrograms((request) => error(request, -32602, "missing field `to`"))],
        ["that reverts them", spoilPrograms((request) => error(request, 3, "execution reverted"))],
        ["that answers them with nothing", spoilt(() => "0x")],
        ["that cuts their answers", spoilt((result) => result.slice(0, -32))],
        ["that cuts their answers to the block", spoilt((result) => result.slice(0, 2 + 128))],
        ["that blanks their answers", spoilt((result) => `0x${"0".repeat(result.length - 2)}`)],
        ["that runs them at another block", spoilPrograms((request, forward) => forward({ ...request, params: [request.params[0], "0x1"] }))],
    ]) {
        test(`are the same through a node ${what}`, async () => {
            const outcome = await audit(["PROXIED"], [...holders, poor], hook);
            assert.equal(outcome.code, 0, outcome.stderr);
            assertTruth(outcome);
            assert.ok(outcome.balancesAsked > 0, "they were asked one by one");
        });
    }
});

const sorted = (object) => Object.entries(object).sort();

function balancesAskedIn(log) {
    const calls = log
        .filter(({ method, params }) => method === "eth_call" && params[0].to)
        .flatMap(({ params: [{ data, input }] }) => {
            const inner = innerCalls(data ?? input).map(({ callData }) => callData);
            return inner.length ? inner : [data ?? input];
        });
    return calls.filter((data) => data.startsWith(BALANCE_OF)).length;
}
