// Random liquidations: who, which pair, how much, and at which prices.
import { maxUint256 } from "viem";
import { makeMorphoWhales } from "./morpho_wallets.mjs";
import { makeWhales } from "./whales.mjs";

const WAD = 10n ** 18n;

/// For every account that owes something, a call: [{ user, collateral, debt, amount, receiveShares, liquidator, answers,
/// account }]. A healthy account's debt is made dearer, for most enough to bring it below 1.
export function aaveCases(market, accounts, random) {
    const { liquidator } = makeWhales(market);
    const reserveOf = ({ symbol }) => market.reserves.find((reserve) => reserve.symbol === symbol);
    return accounts.filter(owesSomething).map((account) => {
        const owed = account.balances.filter(({ variable, stable }) => variable || stable);
        const posted = account.balances.filter(({ usable, supplied }) => usable && supplied);
        const collateral = reserveOf(pickMostly(posted, account.balances, market.reserves, random));
        const debt = reserveOf(pickMostly(owed, owed, market.reserves, random));
        const row = account.balances.find(({ symbol }) => symbol === debt.symbol);
        const amount = amountOf(row ? row.variable + row.stable : WAD, random);
        const answers = makeUnhealthy(account, owed, reserveOf, random);
        const receiveShares = random.chance(0.4);
        return { user: account.wallet, collateral, debt, amount, receiveShares, liquidator, answers, account };
    });
}

const owesSomething = ({ debt, balances }) => debt > 0n && balances.some(({ variable, stable }) => variable || stable);

// Now and then something that cannot be: a supply that is no collateral, an asset that is not owed.
function pickMostly(likely, possible, any, random) {
    if (random.chance(0.03)) return random.pick(any);
    if (!likely.length || random.chance(0.03)) return random.pick(possible);
    return random.pick(likely);
}

function amountOf(owed, random) {
    if (random.chance(0.45)) return maxUint256;
    if (random.chance(0.15)) return BigInt(random.below(1000));
    return random.share(owed, random.chance(0.5) ? random.between(0.3, 1.02) : random.logBetween(1e-3, 0.5));
}

// The dearest debt's feed, if it has one, answers so much that health is about a target that is mostly below 1.
function makeUnhealthy({ healthFactor, balances }, owed, reserveOf, random) {
    const target = random.chance(0.1) ? random.between(1, 1.05) : random.between(0.55, 1);
    if (healthFactor < WAD) return [];
    const value = ({ variable, stable, price, decimals }) => Number((variable + stable) * price) / 10 ** decimals;
    const total = owed.reduce((sum, row) => sum + value(row), 0);
    const dearest = owed.reduce((best, row) => (value(row) > value(best) ? row : best));
    if (!reserveOf(dearest).feed || balances.length === 0) return [];
    // Health falls with the whole debt's value, of which only this part rises.
    const whole = (Number(healthFactor) / 1e18 / target) * total;
    const factor = (whole - total + value(dearest)) / value(dearest);
    return [[dearest.symbol, random.share(dearest.price, Math.min(factor, 1e6))]];
}

/// The same for Morpho Blue: [{ user, market, size: [option, amount], price, liquidator, account }].
export function morphoCases(accounts, random) {
    const { liquidator } = makeMorphoWhales();
    return accounts
        .filter(({ debt, market }) => debt > 0n && market.collateral)
        .map((account) => ({
            user: account.wallet,
            market: account.market,
            size: morphoSize(account, random),
            price: morphoPrice(account, random),
            liquidator,
            account,
        }));
}

function morphoSize({ borrowShares, collateral, debt }, random) {
    const some = (amount) =>
        random.chance(0.1) ? BigInt(1 + random.below(1000)) : random.share(amount, random.between(0.01, 1.02));
    return random.pick([
        () => ["--repay", "max"],
        () => ["--repay", some(debt)],
        () => ["--repay-shares", random.chance(0.5) ? borrowShares : some(borrowShares)],
        () => ["--seize", random.chance(0.5) ? collateral : some(collateral)],
    ])();
}

// Today's, when that makes the account unhealthy or none is to be had.
function morphoPrice({ healthFactor, price }, random) {
    if (healthFactor === null || healthFactor < WAD) return undefined;
    const target = random.chance(0.1) ? random.between(1, 1.05) : random.between(0.6, 1);
    return random.share(price, (target * 1e18) / Number(healthFactor));
}
