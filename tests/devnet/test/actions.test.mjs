// What users do, step by step: random sequences of actions and jumps in time on the real contracts of two generations,
// and the same on margrave's replica. Every integer the contracts store and every refusal must be the same.
// MARGRAVE_LONG=1 takes many more, MARGRAVE_SEED another history.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { differences, flattenReplay, readContracts } from "../lib/contract_state.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { Random } from "../lib/random.mjs";
import { chooseActions, queueActions, replayLine } from "../lib/random_actions.mjs";
import { agree, reasonOf } from "../lib/refusals.mjs";
import { Replay, skip } from "../lib/replay.mjs";
import { mintMany } from "../lib/tokens.mjs";

const LONG = process.env.MARGRAVE_LONG === "1";
/// Wallets in each market; what one of them does there, block after block, is a sequence.
const SEQUENCES = Number(process.env.MARGRAVE_SEQUENCES ?? (LONG ? 3000 : 500));
const STEPS = LONG ? 12 : 5;
const PER_BLOCK = 50;
const DAY = 86_400;
const seed = process.env.MARGRAVE_SEED ?? "margrave";

describe(`${SEQUENCES} sequences of ${STEPS} actions per market, seed "${seed}"`, { skip }, () => {
    let devnet, replay, random;

    before(async () => {
        // A tenth of the wallets is in both markets, but all act in both.
        const wallets = Math.ceil(SEQUENCES / 1.9);
        devnet = await startDevnet({ seed: `${seed} actions`, wallets, observations: 1 });
        random = new Random(`${seed} actions`);
        giveTokens();
        const block = await devnet.chain.mine();
        const file = path.join(temporaryFolder(), "snapshot.json");
        const options = ["--config", writeConfig(devnet.configToml()), "--block", String(block.number)];
        const { code, stderr } = await margrave(["audit", ...devnet.wallets, ...options, "--snapshot-out", file]);
        assert.equal(code, 0, stderr);
        replay = new Replay(file);
    });
    after(async () => {
        replay?.stop();
        await devnet?.stop();
    });

    // A wallet's own purse is not what is tested.
    function giveTokens() {
        const plenty = ({ decimals }) => 10n ** BigInt(decimals + 11);
        const people = devnet.wallets;
        for (const token of Object.values(devnet.tokens)) {
            for (let start = 0; start < people.length; start += 200) {
                const some = people.slice(start, start + 200);
                const amounts = some.map(() => plenty(token));
                mintMany(devnet.chain, token, some, amounts);
            }
        }
    }

    async function readReplay(market, wallets) {
        return flattenReplay(market, await replay.ask({ state: { market: market.name, wallets } }));
    }

    async function compareMarket(market, wallets, block) {
        const contracts = await readContracts(devnet.chain, market, wallets, block);
        const replayed = await readReplay(market, wallets);
        return { contracts, replayed, found: differences(replayed, contracts) };
    }

    /// One block: some wallets' next action in each market, in one order on both sides.
    async function step(wallets, tally) {
        const { chain, markets } = devnet;
        const turns = [];
        for (const market of markets) {
            const state = await readReplay(market, wallets);
            const actions = await chooseActions(chain, market, wallets, state, random);
            queueActions(chain, market, actions);
            turns.push({ market, actions });
        }
        const seconds = random.chance(0.2) ? 1 : Math.ceil(random.logBetween(1, 40 * DAY));
        const block = await chain.mineTolerantly({ seconds });
        const theirs = await outcomes(chain, block);
        await replay.ask({ accrue_to: block.timestamp });
        let place = 0;
        for (const { market, actions } of turns) {
            const answers = await Promise.all(actions.map((action) => replay.ask(replayLine(market, action))));
            answers.forEach((answer, i) => countOne(tally, market, actions[i], answer, theirs[place + i]));
            place += actions.length;
            const { found, contracts } = await compareMarket(market, wallets, block.number);
            tally.comparisons += contracts.size;
            tally.differences.push(...found.map((text) => `${market.name} block ${block.number}: ${text}`));
        }
    }

    const lastBlock = () => devnet.chain.rpc("eth_blockNumber").then(BigInt);

    test("every stored integer and every refusal is the contract's own", async (context) => {
        const tally = { comparisons: 0, differences: [], done: {}, refused: {} };
        for (let turn = 0; turn < STEPS; turn++) {
            const order = random.shuffled(devnet.wallets);
            for (let start = 0; start < order.length; start += PER_BLOCK) {
                await step(order.slice(start, start + PER_BLOCK), tally);
                assert.equal(tally.differences.length, 0, tally.differences.slice(0, 30).join("\n"));
            }
        }
        context.diagnostic(`${tally.comparisons} comparisons, ${tally.differences.length} differences`);
        context.diagnostic(`done ${JSON.stringify(tally.done)}`);
        context.diagnostic(`refused ${JSON.stringify(tally.refused)}`);
    });

    test("the comparison notices any figure that is off by one", async () => {
        const block = await lastBlock();
        for (const market of devnet.markets) {
            const { contracts, replayed, found } = await compareMarket(market, devnet.wallets.slice(0, 3), block);
            assert.deepEqual(found, []);
            for (const name of replayed.keys()) {
                const wrong = new Map(replayed).set(name, replayed.get(name) + 1n);
                assert.equal(differences(wrong, contracts).length, 1, name);
            }
        }
    });

    test("a supply of one base unit more is noticed", async () => {
        const market = devnet.markets[1];
        const { symbol, asset } = market.reserves.find((reserve) => reserve.symbol === "DAI");
        const wallet = devnet.wallets[0];
        const action = { wallet, kind: "supply", asset, amount: 10n ** 18n };
        queueActions(devnet.chain, market, [action]);
        const block = await devnet.chain.mine();
        await replay.ask({ accrue_to: block.timestamp });
        const answer = await replay.ask(replayLine(market, { ...action, amount: action.amount + 1n }));
        assert.equal(answer.ok, true, answer.reason);
        const { found } = await compareMarket(market, [wallet], block.number);
        assert.ok(
            found.some((text) => text.startsWith(`${symbol} virtual_balance`)),
            found.join("\n"),
        );
    });
});

/// Why each call was refused, null where it was not. What left no event may have done nothing, or failed.
async function outcomes(chain, { hashes, succeeded }) {
    const doubtful = hashes.map((hash, i) => ({ hash, i })).filter(({ i }) => !succeeded[i]);
    const tracer = { tracer: "callTracer", tracerConfig: { onlyTopCall: true } };
    const traces = await chain.batch(
        doubtful.map(({ hash }) => ({ method: "debug_traceTransaction", params: [hash, tracer] })),
    );
    const reasons = hashes.map(() => null);
    doubtful.forEach(({ i }, k) => {
        if (traces[k].error) reasons[i] = reasonOf(traces[k].output);
    });
    return reasons;
}

function countOne(tally, market, action, ours, theirs) {
    const say = (what) => {
        const text = JSON.stringify(action, (_, value) => (typeof value === "bigint" ? String(value) : value));
        tally.differences.push(`${market.name} ${text}: ${what}`);
    };
    const reason = ours.ok ? null : ours.reason;
    if (reason === null && theirs === null) tally.done[action.kind] = (tally.done[action.kind] ?? 0) + 1;
    else if (reason !== null && theirs !== null && agree(reason, theirs)) {
        tally.refused[reason] = (tally.refused[reason] ?? 0) + 1;
    } else say(`replayed ${reason ?? "done"} (${ours.detail ?? ""}), contract ${theirs ?? "done"}`);
}
