// The report margrave should give, written from the contracts' answers: it tests the comparison, not margrave.
import { maxUint256 } from "viem";

/// Debt is there, but rounds down to nothing in the market's currency.
export const ZERO_DEBT = ({ debt, balances }) => debt === 0n && balances.some(({ variable }) => variable > 0n);

export function perfectReport({ accounts, holdings }) {
    return {
        accounts: accounts.filter(({ balances }) => balances.length).map(reportAccount),
        holdings: holdings.map(({ wallet, symbol, asset, amount }) => ({
            wallet,
            symbol,
            asset,
            amount_raw: String(amount),
        })),
        gaps: [],
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
