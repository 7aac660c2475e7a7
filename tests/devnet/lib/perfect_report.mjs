// The report margrave should give, written from the contracts' answers: it tests the comparison, not margrave.
import { maxUint256 } from "viem";

/// Debt is there, but rounds down to nothing in the market's currency.
export const ZERO_DEBT = ({ debt, balances }) => debt === 0n && balances.some(({ variable }) => variable > 0n);

export function perfectReport({ accounts, holdings }) {
    return {
        accounts: accounts.filter(({ balances }) => balances.length).map(reportAccount),
        holdings: holdings.map(reportHolding),
        gaps: [],
    };
}

const reportHolding = ({ wallet, symbol, asset, amount }) => ({ wallet, symbol, asset, amount_raw: String(amount) });

/// The same of Morpho Blue's accounts.
export function perfectMorphoReport({ accounts, holdings }) {
    const held = accounts.filter(({ supplied, debt, collateral }) => supplied || debt || collateral);
    const blind = held.filter(({ debt, price }) => debt && price === null).map(({ market }) => market.id);
    return {
        accounts: held.map(reportMorphoAccount),
        holdings: holdings.map(reportHolding),
        gaps: [...new Set(blind)].map((market) => ({ protocol: "morpho_blue", market, kind: "reverted" })),
    };
}

function reportMorphoAccount({ market, wallet, supplied, debt, collateral, price, healthFactor }) {
    const leg = (side, { address, symbol, decimals }, amount) => ({
        side,
        asset: address,
        symbol,
        decimals,
        amount_raw: String(amount),
        oracle_price_raw: side === "collateral" && price !== null ? String(price) : null,
    });
    const legs = [leg("debt", market.loan, debt), leg("supply", market.loan, supplied)];
    if (market.collateral) legs.unshift(leg("collateral", market.collateral, collateral));
    const bps = Number(market.lltv) / 1e14;
    return {
        protocol: "morpho_blue",
        quote: market.loan.symbol,
        market: market.id,
        wallet,
        emode_category: null,
        collateral_raw: String(collateral),
        debt_raw: String(debt),
        liquidation_threshold_bps: bps,
        max_ltv_bps: bps,
        health_factor_raw: healthFactor === null ? null : String(healthFactor),
        status: debt && price === null ? "unknown" : statusOf({ debt, healthFactor }),
        legs: legs.filter(({ amount_raw }) => amount_raw !== "0"),
    };
}

function reportAccount(truth) {
    return {
        protocol: "aave_v3",
        quote: "USD",
        market: truth.market,
        wallet: truth.wallet,
        emode_category: truth.emode ? String(truth.emode) : null,
        collateral_raw: String(truth.collateral),
        debt_raw: String(truth.debt),
        liquidation_threshold_bps: Number(truth.liquidationThreshold),
        max_ltv_bps: Number(truth.maxLtv),
        health_factor_raw: truth.healthFactor === maxUint256 ? null : String(truth.healthFactor),
        status: statusOf(truth),
        legs: truth.balances.flatMap(legsOf),
    };
}

function statusOf({ debt, healthFactor }) {
    const health = Number(healthFactor) / 1e18;
    if (debt === 0n) return "no_debt";
    return health < 1 ? "liquidatable" : health < 1.1 ? "at_risk" : "healthy";
}

function legsOf({ asset, symbol, decimals, price, usable, supplied, variable, stable }) {
    const common = { asset, symbol, decimals, oracle_price_raw: String(price) };
    const legs = [{ ...common, side: usable ? "collateral" : "supply", amount_raw: String(supplied) }];
    for (const amount of [variable, stable]) legs.push({ ...common, side: "debt", amount_raw: String(amount) });
    return legs.filter(({ amount_raw }) => amount_raw !== "0");
}
