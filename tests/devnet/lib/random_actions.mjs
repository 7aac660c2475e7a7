// Random calls of wallets in a market, most of which succeed and many of which ask a little too much.
import { maxUint256 } from "viem";
import { ORACLE, POOL } from "./aave.mjs";
import { readMany } from "./multicall3.mjs";
import { worth } from "./tokens.mjs";

const VARIABLE = 2n;
const WEIGHTS = { supply: 4, withdraw: 5, borrow: 6, repay: 5, collateral: 3, emode: 2 };

/// Resolves to one action per wallet: { wallet, kind, asset, amount, enable, category }; amount null is everything.
export async function chooseActions(chain, market, wallets, state, random) {
    const prices = await readMany(
        chain,
        market.reserves.map(({ asset }) => ({
            to: market.oracle,
            abi: ORACLE,
            functionName: "getAssetPrice",
            args: [asset],
        })),
    );
    const priceOf = new Map(market.reserves.map(({ symbol }, i) => [symbol, prices[i]]));
    return wallets.map((wallet) => {
        const amountOf = (reserve, field) => state.get(`${wallet} ${reserve.symbol} ${field}`);
        const having = (field) => market.reserves.filter((reserve) => amountOf(reserve, field) > 0n);
        const room = state.get(`${wallet} available_borrows`);
        const kind = chooseKind({ room, supplies: having("supply").length, debts: having("all_debt").length }, random);
        return { wallet, kind, ...CHOICES[kind]({ wallet, market, random, state, priceOf, amountOf, having }) };
    });
}

// Who has nothing for it supplies, but for a few that try all the same.
function chooseKind({ room, supplies, debts }, random) {
    const kind = random.weighted(WEIGHTS);
    const able = { borrow: room > 0n, withdraw: supplies > 0, collateral: supplies > 0, repay: debts > 0 };
    return able[kind] === false && random.chance(0.9) ? "supply" : kind;
}

// Now and then something that is not there, so that its refusal is seen.
const pickOr = (random, list, all) => (list.length && !random.chance(0.08) ? random.pick(list) : random.pick(all));
const tiny = (random) => BigInt(random.chance(0.1) ? 0 : 1 + random.below(3));

const CHOICES = {
    supply({ market, random }) {
        const reserve = random.pick(market.reserves);
        const much = random.chance(0.05) ? 1e10 : random.logBetween(1, 1e6);
        return { asset: reserve.asset, amount: random.chance(0.1) ? tiny(random) : worth(reserve, much, random) };
    },

    withdraw({ market, random, amountOf, having }) {
        const reserve = pickOr(random, having("supply"), market.reserves);
        return { asset: reserve.asset, amount: partOf(amountOf(reserve, "supply"), random, 0.3) };
    },

    borrow({ wallet, market, random, state, priceOf }) {
        const reserve = random.pick(market.reserves);
        const most =
            (state.get(`${wallet} available_borrows`) * 10n ** BigInt(reserve.decimals)) / priceOf.get(reserve.symbol);
        const fraction = random.chance(0.7) ? random.logBetween(0.01, 1) : random.between(0.98, 1.05);
        return { asset: reserve.asset, amount: random.chance(0.1) ? tiny(random) : random.share(most, fraction) };
    },

    repay({ market, random, amountOf, having }) {
        const reserve = pickOr(random, having("all_debt"), market.reserves);
        return { asset: reserve.asset, amount: partOf(amountOf(reserve, "all_debt"), random, 0.4) };
    },

    collateral({ market, random, having }) {
        const reserve = pickOr(random, having("supply"), market.reserves);
        return { asset: reserve.asset, enable: random.chance(0.5) };
    },

    emode({ market, random }) {
        return { category: random.chance(0.3) ? 0 : random.pick(market.emodes).id };
    },
};

function partOf(amount, random, allOf) {
    if (random.chance(allOf)) return null;
    if (random.chance(0.1)) return tiny(random);
    return random.share(amount, random.chance(0.2) ? random.between(0.999, 1.02) : random.logBetween(0.01, 1));
}

/// Queues them in their order.
export function queueActions(chain, market, actions) {
    for (const { wallet, kind, asset, amount, enable, category } of actions) {
        const everything = amount ?? maxUint256;
        const [functionName, args] = {
            supply: ["supply", [asset, everything, wallet, 0]],
            withdraw: ["withdraw", [asset, everything, wallet]],
            borrow: ["borrow", [asset, everything, VARIABLE, 0, wallet]],
            repay: ["repay", [asset, everything, VARIABLE, wallet]],
            collateral: ["setUserUseReserveAsCollateral", [asset, enable]],
            emode: ["setUserEMode", [category]],
        }[kind];
        chain.send({ from: wallet, to: market.pool, abi: POOL, functionName, args });
    }
}

/// The same for the replay.
export const replayLine = (market, { wallet, kind, asset, amount, enable, category }) => ({
    act: {
        market: market.name,
        wallet,
        kind,
        ...(asset ? { asset } : {}),
        ...(amount === null || amount === undefined ? {} : { amount }),
        ...(enable === undefined ? {} : { enable }),
        ...(category === undefined ? {} : { category }),
    },
});
