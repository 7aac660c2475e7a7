// Seeded random wallets of Morpho Blue: what they are given, and what each does in a round.
import { MORPHO } from "./morpho.mjs";
import { readMany } from "./multicall3.mjs";
import { addressOf } from "./random.mjs";
import { mintMany, worth } from "./tokens.mjs";

const WAD = 10n ** 18n;
const PRICE_SCALE = 10n ** 36n;
// Dollars that one lender puts into every market.
const LENT = 2e6;

export const makeMorphoWhales = () => ({
    lender: addressOf("margrave devnet", "morpho lender"),
    liquidator: addressOf("margrave devnet", "morpho liquidator"),
});

/// The wallets: each has stakes in one to three markets, and lends, borrows or does both there.
export function makeMorphoUsers({ markets }, addresses, random) {
    return addresses.map((address) => ({
        address,
        stakes: random
            .shuffled(markets)
            .slice(0, 1 + random.below(3))
            .map((market) => ({ market, wealth: random.chance(0.08) ? 1e-3 : random.logBetween(5, 1e6) })),
    }));
}

/// Queues tokens for every wallet, a lender who is in every market, and a liquidator who can pay for anything.
export function fundMorpho(chain, blue, users, whales, random) {
    const grants = new Map();
    const grant = (token, address, dollars) => {
        if (!grants.has(token)) grants.set(token, { to: [], amounts: [] });
        grants.get(token).to.push(address);
        grants.get(token).amounts.push(worth(token, dollars, random));
    };
    for (const { address, stakes } of users) {
        for (const { market, wealth } of stakes) {
            grant(market.loan, address, wealth);
            if (market.collateral) grant(market.collateral, address, wealth);
        }
    }
    for (const { loan } of blue.markets) {
        grant(loan, whales.lender, LENT);
        grant(loan, whales.liquidator, 1000 * LENT);
    }
    for (const [token, { to, amounts }] of grants) mintMany(chain, token, to, amounts);
    for (const { params, loan } of blue.markets) {
        const args = [params, worth(loan, 0.9 * LENT, random), 0n, whales.lender, "0x"];
        chain.send({ from: whales.lender, to: blue.morpho, abi: MORPHO, functionName: "supply", args });
    }
}

/// Queues one action of (nearly) every wallet. Returns a function that takes the mined block and counts it: action →
/// [succeeded, tried]. Weights are those of Aave's wallets; what has no counterpart here is a round of rest.
export async function queueMorphoRound(chain, blue, users, random, weights) {
    const acting = users.map((user) => ({ user, stake: random.pick(user.stakes) }));
    const seen = await look(chain, blue, acting);
    const pending = [];
    acting.forEach(({ user, stake }, i) => {
        const kind = random.weighted(weights);
        const call = ACTIONS[kind]?.({ user: user.address, ...stake, ...seen[i], random });
        if (!call) return;
        pending.push({ kind, place: chain.send({ from: user.address, to: blue.morpho, abi: MORPHO, ...call }) });
    });
    return ({ succeeded }) => {
        const counts = {};
        for (const { kind, place } of pending) {
            const count = (counts[kind] ??= [0, 0]);
            count[1]++;
            if (succeeded[place]) count[0]++;
        }
        return counts;
    };
}

// Positions and prices at the head; interest since the last update is not theirs to know.
async function look(chain, blue, acting) {
    const calls = acting.flatMap(({ user, stake: { market } }) => [
        { to: blue.morpho, abi: MORPHO, functionName: "position", args: [market.id, user.address] },
        { to: blue.morpho, abi: MORPHO, functionName: "market", args: [market.id] },
        { to: market.oracle, abi: MORPHO, functionName: "price" },
    ]);
    const answers = await readMany(
        chain,
        calls.map((call) => (BigInt(call.to) ? call : calls[0])),
    );
    return acting.map(({ stake: { market } }, i) => {
        const [[supplyShares, borrowShares, collateral], totals, price] = answers.slice(3 * i, 3 * i + 3);
        const [, , totalBorrowAssets, totalBorrowShares] = totals;
        const debt = (borrowShares * (totalBorrowAssets + 1n)) / (totalBorrowShares + 1_000_000n);
        const most = market.collateral && price ? (((collateral * price) / PRICE_SCALE) * market.lltv) / WAD : 0n;
        return { supplyShares, borrowShares, collateral, room: most > debt ? most - debt : 0n };
    });
}

// Each returns a call, or nothing when the wallet has no use for it.
const ACTIONS = {
    // Lends, or posts collateral.
    supply({ user, market, wealth, random }) {
        const posting = market.collateral && random.chance(0.7);
        const amount = random.chance(0.05)
            ? BigInt(1 + random.below(50))
            : worth(posting ? market.collateral : market.loan, wealth * random.logBetween(0.05, 0.5), random);
        if (posting) return { functionName: "supplyCollateral", args: [market.params, amount, user, "0x"] };
        return { functionName: "supply", args: [market.params, amount, 0n, user, "0x"] };
    },

    // Most borrow nearly all they can, so that a price move decides over them; some little, some by shares.
    borrow({ user, market, room, random }) {
        const fraction = random.chance(0.7) ? random.between(0.9, 0.9999) : random.logBetween(1e-6, 0.9);
        const amount = random.chance(0.04) ? BigInt(1 + random.below(30)) : random.share(room, fraction);
        if (room === 0n || amount === 0n) return null;
        return { functionName: "borrow", args: [market.params, ...inKind(amount, random), user, user] };
    },

    repay({ user, market, borrowShares, random }) {
        if (borrowShares === 0n) return null;
        const shares = random.chance(0.25) ? borrowShares : random.share(borrowShares, random.logBetween(1e-3, 1));
        return { functionName: "repay", args: [market.params, 0n, shares, user, "0x"] };
    },

    // Takes back collateral, or what is lent.
    withdraw({ user, market, supplyShares, collateral, random }) {
        const fraction = random.chance(0.2) ? 1 : random.logBetween(1e-3, 1);
        const some = (amount) => (fraction === 1 ? amount : random.share(amount, fraction));
        if (collateral && random.chance(0.5)) {
            return { functionName: "withdrawCollateral", args: [market.params, some(collateral), user, user] };
        }
        if (supplyShares === 0n) return null;
        return { functionName: "withdraw", args: [market.params, 0n, some(supplyShares), user, user] };
    },
};

// Assets, or now and then about as many shares (the first share of a market is a millionth of a unit).
const inKind = (amount, random) => (random.chance(0.1) ? [0n, amount * 1_000_000n] : [amount, 0n]);

/// Queues liquidations of some borrowers, healthy or not: the contract decides.
export async function queueMorphoLiquidations(chain, blue, whales, users, random, share = 0.15) {
    for (const { address, stakes } of users.filter(() => random.chance(share))) {
        const { market } = random.pick(stakes);
        const [, borrowShares, collateral] = await chain.read({
            to: blue.morpho,
            abi: MORPHO,
            functionName: "position",
            args: [market.id, address],
        });
        if (!borrowShares || !market.collateral) continue;
        const sizes = random.chance(0.5) ? [random.share(collateral, 1), 0n] : [0n, random.share(borrowShares, 0.5)];
        const args = [market.params, address, ...sizes, "0x"];
        chain.send({ from: whales.liquidator, to: blue.morpho, abi: MORPHO, functionName: "liquidate", args });
    }
}
