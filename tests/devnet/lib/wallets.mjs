// Seeded random wallets: what they are given, and what each does in a round.
import { maxUint256 } from "viem";
import { ERC20, ORACLE, POOL } from "./aave.mjs";
import { readMany } from "./multicall3.mjs";
import { mintMany, worth } from "./tokens.mjs";

const STABLE = 1n;
const VARIABLE = 2n;

/// What wallets are likely to do early, once they have collateral, and later on.
export const BUILDING = { supply: 8, emode: 3, toggle: 1, borrow: 1 };
export const BORROWING = { supply: 2, toggle: 2, borrow: 10, transfer: 1 };
export const LIVING = { supply: 3, toggle: 3, emode: 1, borrow: 4, repay: 4, withdraw: 4, transfer: 3, swap: 1 };

/// The wallets of one market. A taste is the e-mode a wallet leans to, if any.
export function makeUsers(market, addresses, random) {
    return addresses.map((address) => ({
        address,
        taste: random.chance(0.4) ? random.pick(market.emodes) : null,
        supplied: new Set(),
        borrowed: new Map(),
    }));
}

/// Queues a few tokens for every wallet, from dust to a million dollars each.
export function fund(chain, market, users, random) {
    const grants = new Map(market.reserves.map((reserve) => [reserve.symbol, { to: [], amounts: [] }]));
    for (const user of users) {
        user.purse = choosePurse(market, user, random).map((reserve) => ({
            reserve,
            left: firstAmount(reserve, random),
        }));
        for (const { reserve, left } of user.purse) {
            grants.get(reserve.symbol).to.push(user.address);
            grants.get(reserve.symbol).amounts.push(left);
        }
    }
    for (const reserve of market.reserves) {
        const { to, amounts } = grants.get(reserve.symbol);
        if (to.length) mintMany(chain, reserve, to, amounts);
    }
}

function choosePurse(market, user, random) {
    // Isolation mode lasts only while there is no other collateral.
    if (random.chance(0.06)) return market.reserves.filter(({ isolated }) => isolated);
    const purse = random.shuffled(market.reserves).slice(0, 2 + random.below(5));
    const liked = user.taste && find(market, random.pick(user.taste.collateral));
    return liked && !purse.includes(liked) ? [liked, ...purse] : purse;
}

function firstAmount(reserve, random) {
    return random.chance(0.08) ? BigInt(1 + random.below(1000)) : worth(reserve, random.logBetween(5, 1e6), random);
}

const find = (market, symbol) => market.reserves.find((reserve) => reserve.symbol === symbol);

/// Queues one action of (nearly) every wallet. Returns a function that takes the mined block, lets the wallets
/// remember what succeeded, and counts it: action → [succeeded, tried].
export async function queueRound(chain, market, users, random, weights) {
    const seen = await look(chain, market, users);
    const pending = [];
    users.forEach((user, i) => {
        const kind = random.weighted(weights);
        const action = ACTIONS[kind](user, { market, users, random, ...seen.shared, ...seen.each[i] });
        if (!action) return;
        const { done, ...call } = action;
        pending.push({ kind, done, place: chain.send({ from: user.address, to: market.pool, abi: POOL, ...call }) });
    });
    return ({ succeeded }) => {
        const counts = {};
        for (const { kind, done, place } of pending) {
            const count = (counts[kind] ??= [0, 0]);
            count[1]++;
            if (!succeeded[place]) continue;
            count[0]++;
            done?.();
        }
        return counts;
    };
}

// Prices and every wallet's room to borrow, at the head.
async function look(chain, market, users) {
    const priceOf = ({ asset }) => ({ to: market.oracle, abi: ORACLE, functionName: "getAssetPrice", args: [asset] });
    const room = ({ address }) => ({ to: market.pool, abi: POOL, functionName: "getUserAccountData", args: [address] });
    const prices = await readMany(chain, market.reserves.map(priceOf));
    const accounts = await readMany(chain, users.map(room));
    return {
        shared: { prices: new Map(market.reserves.map((reserve, i) => [reserve.symbol, prices[i]])) },
        each: accounts.map((account) => ({ room: account[2] })),
    };
}

// Each returns a call and what to remember when it succeeds, or nothing when the wallet has no use for it.
const ACTIONS = {
    supply(user, { random }) {
        const item = random.chance(0.5) ? user.purse[0] : random.pick(user.purse);
        const { reserve, left } = item;
        const amount = random.chance(0.05)
            ? BigInt(1 + random.below(50))
            : random.share(left, random.logBetween(0.05, 1));
        const done = () => {
            user.supplied.add(reserve);
            item.left -= amount;
        };
        return { functionName: "supply", args: [reserve.asset, amount, user.address, 0], done };
    },

    emode(user, { market, random }) {
        const emode = user.taste ?? random.pick(market.emodes);
        const id = random.chance(0.1) ? 0 : emode.id;
        return { functionName: "setUserEMode", args: [id], done: () => (user.emode = id ? emode : null) };
    },

    toggle(user, { random }) {
        if (!user.supplied.size) return null;
        const reserve = random.pick([...user.supplied]);
        // Isolated collateral has to be switched on by hand; others are on already.
        const on = reserve.isolated > 0n || random.chance(0.5);
        return { functionName: "setUserUseReserveAsCollateral", args: [reserve.asset, on] };
    },

    borrow(user, { market, random, prices, room }) {
        const reserve = chooseDebt(market, user, random);
        const mode = reserve.stable && market.generation === "3.0" && random.chance(0.3) ? STABLE : VARIABLE;
        const most = (room * 10n ** BigInt(reserve.decimals)) / prices.get(reserve.symbol);
        const amount = random.chance(0.06) ? BigInt(1 + random.below(30)) : random.share(most, chooseFraction(random));
        if (room === 0n || amount === 0n) return null;
        const args = [reserve.asset, amount, mode, 0, user.address];
        return { functionName: "borrow", args, done: () => user.borrowed.set(reserve, mode) };
    },

    repay(user, { random }) {
        if (!user.borrowed.size) return null;
        const [reserve, mode] = random.pick([...user.borrowed]);
        const amount = random.chance(0.25) ? maxUint256 : worth(reserve, random.logBetween(1, 1e5), random);
        return { functionName: "repay", args: [reserve.asset, amount, mode, user.address] };
    },

    withdraw(user, { random }) {
        if (!user.supplied.size) return null;
        const reserve = random.pick([...user.supplied]);
        const amount = random.chance(0.2) ? maxUint256 : worth(reserve, random.logBetween(1, 1e5), random);
        return { functionName: "withdraw", args: [reserve.asset, amount, user.address] };
    },

    transfer(user, { users, random }) {
        if (!user.supplied.size) return null;
        const reserve = random.pick([...user.supplied]);
        const to = random.pick(users);
        const amount = worth(reserve, random.logBetween(0.01, 3e4), random);
        return {
            to: reserve.aToken,
            abi: ERC20,
            functionName: "transfer",
            args: [to.address, amount],
            done: () => to.supplied.add(reserve),
        };
    },

    swap(user, { market, random }) {
        const candidates = [...user.borrowed].filter(([reserve]) => reserve.stable);
        if (market.generation !== "3.0" || !candidates.length) return null;
        const [reserve, mode] = random.pick(candidates);
        const other = mode === STABLE ? VARIABLE : STABLE;
        return {
            functionName: "swapBorrowRateMode",
            args: [reserve.asset, mode],
            done: () => user.borrowed.set(reserve, other),
        };
    },
};

// Inside an e-mode only its assets can be borrowed; stablecoins are what isolated collateral may borrow.
function chooseDebt(market, user, random) {
    if (user.emode) return find(market, random.pick(user.emode.borrowable));
    const borrowable = market.reserves.filter((reserve) => reserve.borrow);
    const isolated = [...user.supplied].some((reserve) => reserve.isolated > 0n);
    return random.pick(
        isolated || random.chance(0.4) ? borrowable.filter((reserve) => reserve.inIsolation) : borrowable,
    );
}

// Most borrow nearly all they can, so that a price move decides over them; some little.
function chooseFraction(random) {
    return random.chance(0.6) ? random.between(0.8, 0.999) : random.logBetween(1e-6, 0.8);
}
