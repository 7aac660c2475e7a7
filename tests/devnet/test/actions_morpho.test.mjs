// What users of Morpho Blue do, step by step: random sequences of actions and jumps in time on the real contract, and
// the same on margrave's replica. Every integer that is stored, what follows from it and every refusal must be the same.
// MARGRAVE_LONG=1 takes many more, MARGRAVE_SEED another history.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { MORPHO, setOracle } from "../lib/morpho.mjs";
import { chooseMorphoAction, morphoReplayLine, movedAssets, queueMorphoActions } from "../lib/morpho_actions.mjs";
import { flattenMorphoReplay, morphoDifferences, readMorphoContracts } from "../lib/morpho_state.mjs";
import { revertReason } from "../lib/morpho_truth.mjs";
import { Random } from "../lib/random.mjs";
import { Replay, skip } from "../lib/replay.mjs";
import { mintMany } from "../lib/tokens.mjs";

const LONG = process.env.MARGRAVE_LONG === "1";
/// Wallets; what one of them does, block after block, is a sequence.
const SEQUENCES = Number(process.env.MARGRAVE_SEQUENCES ?? (LONG ? 3000 : 500));
const STEPS = LONG ? 12 : 5;
const PER_BLOCK = 50;
const DAY = 86_400;
// One market's oracle reverts, so that no audit is without a gap.
const GAPS = 4;
// The replica is told the mock model's rate as one a year in ray.
const A_YEAR_IN_RAY = 365n * 86_400n * 10n ** 9n;
const seed = process.env.MARGRAVE_SEED ?? "margrave";

/// The contract's reason → margrave's words for it. What it only fails to subtract or to cast has no name of its own.
const REASONS = {
    "zero assets": ["zero_amount"],
    "inconsistent input": ["zero_amount"],
    "insufficient collateral": ["insufficient_collateral"],
    "insufficient liquidity": ["insufficient_liquidity"],
    "max uint128 exceeded": ["out_of_range"],
    "oracle is down": ["no_price"],
    "execution reverted": ["no_price"], // no oracle at all
    "no code": ["unknown_asset"],
    "panic 17": ["supply_exceeded", "debt_exceeded", "collateral_exceeded", "insufficient_liquidity", "out_of_range"],
};

describe(`${SEQUENCES} sequences of ${STEPS} actions on Morpho Blue, seed "${seed}"`, { skip }, () => {
    let devnet, replay, random, places;

    before(async () => {
        devnet = await startDevnet({ seed, wallets: SEQUENCES, observations: 1, aave: false, morpho: true });
        random = new Random(`${seed} morpho actions`);
        places = new Map(devnet.wallets.map((wallet) => [wallet, random.shuffled(devnet.blue.markets).slice(0, 2)]));
        places.set(devnet.blue.feeRecipient, devnet.blue.markets); // that gains shares everywhere
        giveTokens();
        await devnet.chain.mine();
        openAccounts();
        const block = await devnet.chain.mine();
        const file = path.join(temporaryFolder(), "snapshot.json");
        const options = ["--config", writeConfig(devnet.configToml()), "--block", String(block.number)];
        const { code, stderr } = await margrave(["audit", ...devnet.wallets, ...options, "--snapshot-out", file]);
        assert.equal(code, GAPS, stderr);
        replay = new Replay(file);
    });
    after(async () => {
        replay?.stop();
        await devnet?.stop();
    });

    // A wallet's own purse is not what is tested: it can pay more than the contract can count.
    function giveTokens() {
        const people = devnet.wallets;
        for (const token of Object.values(devnet.tokens)) {
            for (let start = 0; start < people.length; start += 200) {
                const some = people.slice(start, start + 200);
                const amounts = some.map(() => 2n ** 140n);
                mintMany(devnet.chain, token, some, amounts);
            }
        }
    }

    // What an audit finds empty has no row to act on: everybody posts or lends one unit first.
    function openAccounts() {
        for (const [wallet, markets] of places) {
            for (const market of markets) {
                const { params } = market;
                const [functionName, ...rest] = market.collateral
                    ? ["supplyCollateral", 1n, wallet, "0x"]
                    : ["supply", 1n, 0n, wallet, "0x"];
                devnet.chain.send({ from: wallet, to: devnet.blue.morpho, abi: MORPHO, functionName, args: [params, ...rest] });
            }
        }
    }

    const readReplay = async (market, wallets) =>
        flattenMorphoReplay(await replay.ask({ state: { market: market.id, wallets } }));

    // Fees are shares that the recipient gains without an action.
    const observed = (market, wallets) =>
        [...new Set([...wallets, devnet.blue.feeRecipient])].filter((wallet) => places.get(wallet).includes(market));

    async function compareMarket(market, wallets, block) {
        const contracts = await readMorphoContracts(devnet, market, observed(market, wallets), block);
        const replayed = await readReplay(market, observed(market, wallets));
        return { contracts, replayed, found: morphoDifferences(replayed, contracts) };
    }

    const positionOf = (state, wallet) =>
        Object.fromEntries(
            ["supply_shares", "borrow_shares", "collateral", "lent", "owed"].map((field) => [
                field,
                state.get(`${wallet} ${field}`),
            ]),
        );

    async function choose(wallets) {
        const states = new Map();
        const prices = new Map();
        for (const market of devnet.blue.markets) {
            states.set(market, await readReplay(market, observed(market, wallets)));
            const ask = { to: market.oracle, abi: MORPHO, functionName: "price" };
            prices.set(market, market.collateral ? await devnet.chain.read(ask).catch(() => null) : null);
        }
        return wallets.map((wallet) => {
            const [home, ...others] = places.get(wallet);
            const market = random.chance(0.75) ? home : random.pick(others);
            const state = states.get(market);
            const position = positionOf(state, wallet);
            const free = state.get("supply_assets") - state.get("borrow_assets");
            const choice = { wallet, market, position, free, price: prices.get(market), random };
            return { ...chooseMorphoAction(choice), position };
        });
    }

    // Now and then an oracle answers anew, which makes some accounts unhealthy.
    async function movePrice() {
        const market = random.pick(devnet.blue.markets.filter(({ collateral, later }) => collateral && !later));
        const price = await devnet.chain.read({ to: market.oracle, abi: MORPHO, functionName: "price" });
        const answer = random.share(price, random.between(0.9, 1.09));
        setOracle(devnet.chain, market, answer);
        return { answer: { market: market.id, asset: market.params.collateralToken, value: answer } };
    }

    // The mock's rate follows from the totals that a block left behind, and holds until interest is charged again.
    async function quoteRates(block, contracts) {
        for (const market of devnet.blue.markets.filter(({ rates }) => rates === "mock")) {
            const state = contracts.get(market);
            if (Number(state.get("last_update")) !== block.timestamp) continue;
            const [lent, owed] = [state.get("supply_assets"), state.get("borrow_assets")];
            const rate = lent === 0n ? 0n : (owed * 10n ** 18n) / lent / (365n * 86_400n);
            const shock = { market: market.id, kind: "borrow_rate", value: rate * A_YEAR_IN_RAY };
            assert.equal((await replay.ask({ shock })).ok, true);
        }
    }

    /// One block: some wallets' next action, in one order on both sides.
    async function step(wallets, tally) {
        const { chain, blue } = devnet;
        const news = random.chance(0.5) ? await movePrice() : null;
        const actions = await choose(wallets);
        queueMorphoActions(chain, blue, actions);
        const seconds = random.chance(0.2) ? 1 : Math.ceil(random.logBetween(1, 40 * DAY));
        const block = await chain.mineTolerantly({ seconds });
        const theirs = await outcomes(chain, blue, block, news ? 1 : 0);
        await replay.ask({ accrue_to: block.timestamp });
        if (news) await replay.ask(news);
        const answers = await Promise.all(actions.map((action) => replay.ask(morphoReplayLine(action))));
        answers.forEach((answer, i) => countOne(tally, actions[i], answer, theirs[i]));
        const contracts = new Map();
        for (const market of blue.markets) {
            const compared = await compareMarket(market, wallets, block.number);
            contracts.set(market, compared.contracts);
            tally.comparisons += compared.contracts.size;
            tally.differences.push(...compared.found.map((text) => `${market.label} block ${block.number}: ${text}`));
        }
        await quoteRates(block, contracts);
    }

    test("every stored integer, every amount and every refusal is the contract's own", async (context) => {
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
        const kinds = ["supply", "withdraw", "supply_collateral", "withdraw_collateral", "borrow", "repay"];
        for (const kind of kinds) assert.ok(tally.done[kind] > 0, `no ${kind} succeeded`);
        for (const kind of ["withdraw", "withdraw_collateral", "repay"]) {
            assert.ok(tally.done[`${kind} of all`] > 0, `no ${kind} of everything succeeded`);
        }
        // What only the market without collateral refuses is rare.
        const rare = ["execution reverted", "no code"];
        const unmet = Object.keys(REASONS).filter((reason) => !(reason in tally.refused) && !rare.includes(reason));
        assert.deepEqual(unmet, [], "refusals that nobody met");
    });

    test("the comparison notices any figure that is off by one", async () => {
        const block = BigInt(await devnet.chain.rpc("eth_blockNumber"));
        for (const market of devnet.blue.markets) {
            const some = devnet.wallets.filter((wallet) => places.get(wallet).includes(market)).slice(0, 3);
            const { contracts, replayed, found } = await compareMarket(market, some, block);
            assert.deepEqual(found, []);
            for (const name of replayed.keys()) {
                const wrong = new Map(replayed).set(name, (replayed.get(name) ?? 0n) + 1n);
                assert.equal(morphoDifferences(wrong, contracts).length, 1, name);
            }
        }
    });
});

/// For each action { reason } of the contract, or { moved }: the assets. The first transactions may be preparations.
async function outcomes(chain, blue, { number, hashes }, preparations) {
    const moved = await movedAssets(chain, blue, number);
    const tracer = { tracer: "callTracer", tracerConfig: { onlyTopCall: true } };
    const failed = hashes.slice(preparations).filter((hash) => !moved.has(hash));
    const traces = await chain.batch(
        failed.map((hash) => ({ method: "debug_traceTransaction", params: [hash, tracer] })),
    );
    const reasons = new Map(failed.map((hash, i) => [hash, revertReason(traces[i].output) ?? traces[i].error]));
    return hashes
        .slice(preparations)
        .map((hash) => (moved.has(hash) ? { moved: moved.get(hash) } : { reason: reasons.get(hash) ?? "nothing" }));
}

function countOne(tally, { kind, amount, market, wallet, position }, ours, { reason, moved }) {
    const count = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);
    const say = (what) => {
        const facts = { kind, amount, wallet, ...position };
        const text = JSON.stringify(facts, (_, value) => (typeof value === "bigint" ? String(value) : value));
        tally.differences.push(`${market.label} ${text}: ${what}`);
    };
    if (moved !== undefined && ours.ok) {
        count(tally.done, amount === null ? `${kind} of all` : kind);
        if (BigInt(ours.amount) !== moved) say(`replayed ${ours.amount} moved, contract ${moved}`);
    } else if (reason !== undefined && !ours.ok && REASONS[reason]?.includes(ours.reason)) {
        count(tally.refused, reason);
    } else say(`replayed ${ours.ok ? "done" : `${ours.reason} (${ours.detail})`}, contract ${reason ?? "done"}`);
}
