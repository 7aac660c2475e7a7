// Compares margrave's report on Morpho Blue with what the contract says, number by number.
import { Tally, compareHoldings, indexed, statusOf } from "./compare.mjs";

const BPS = 10n ** 14n;

/// { comparisons, differences }, as compare() of Aave's accounts. Whoever owes in a market whose oracle reverts is
/// unknown there, and a gap has to say so; other gaps are differences.
export function compareMorpho(report, truth, { name }) {
    const tally = new Tally();
    const keyOf = (market, wallet) => `${market.slice(0, 10)} ${wallet.toLowerCase()}`;
    const rows = report.accounts.filter(({ protocol }) => protocol === "morpho_blue");
    const byKey = indexed(tally, rows, ({ market, wallet }) => keyOf(market, wallet));
    const blind = new Set();
    for (const account of truth.accounts) {
        const { market, wallet, supplied, debt, collateral, supplyShares, borrowShares } = account;
        const key = keyOf(market.id, wallet);
        const reported = byKey.get(key);
        byKey.delete(key);
        if (reported) compareAccount(tally, `${key} ${market.label}`, reported, account);
        else if (supplied || debt || collateral)
            tally.fail(`${key} ${market.label}: has a position that is not reported`);
        if (debt && account.price === null) blind.add(market.id);
        if (reported && !supplyShares && !borrowShares && !collateral)
            tally.equal(`${key} legs`, reported.legs.length, 0);
    }
    for (const key of byKey.keys()) tally.fail(`${key}: reported, but nobody asked for it`);
    compareHoldings(tally, report.holdings, truth.holdings);
    compareGaps(tally, report.gaps, blind, name);
    return { comparisons: tally.comparisons, differences: tally.differences };
}

function compareAccount(tally, key, reported, truth) {
    const { market, debt, collateral, price, healthFactor } = truth;
    const unknown = debt > 0n && price === null;
    const bps = Number(market.lltv / BPS);
    tally.equal(`${key} quote`, reported.quote?.toLowerCase(), market.loan.symbol.toLowerCase());
    tally.equal(`${key} collateral_raw`, reported.collateral_raw, String(collateral));
    tally.equal(`${key} debt_raw`, reported.debt_raw, String(debt));
    tally.equal(`${key} liquidation_threshold_bps`, reported.liquidation_threshold_bps, bps);
    tally.equal(`${key} max_ltv_bps`, reported.max_ltv_bps, bps);
    tally.equal(
        `${key} health_factor_raw`,
        reported.health_factor_raw,
        healthFactor === null ? null : String(healthFactor),
    );
    tally.equal(`${key} emode_category`, reported.emode_category, null);
    tally.equal(`${key} status`, reported.status, unknown ? "unknown" : statusOf(truth));
    compareLegs(tally, key, reported.legs, truth);
}

function compareLegs(tally, key, legs, { market, supplied, debt, collateral, price }) {
    const left = legs.filter(({ amount_raw }) => amount_raw !== "0");
    const expected = [
        ["collateral", collateral, market.collateral],
        ["debt", debt, market.loan],
        ["supply", supplied, market.loan],
    ];
    for (const [side, amount, token] of expected.filter(([, amount]) => amount > 0n)) {
        const at = left.findIndex((leg) => leg.side === side);
        const leg = left.splice(at, at < 0 ? 0 : 1)[0];
        tally.equal(`${key} ${side}`, leg?.amount_raw, String(amount));
        tally.equal(`${key} ${side} asset`, leg?.asset.toLowerCase(), token.address.toLowerCase());
        tally.equal(`${key} ${side} symbol`, leg?.symbol, token.symbol);
        tally.equal(`${key} ${side} decimals`, leg?.decimals, token.decimals);
        if (side !== "collateral") continue;
        tally.equal(`${key} oracle_price_raw`, leg?.oracle_price_raw, price === null ? null : String(price));
    }
    for (const { side, amount_raw, symbol } of left) {
        tally.fail(`${key}: a ${side} of ${amount_raw} ${symbol} that does not exist`);
    }
}

function compareGaps(tally, gaps, blind, name) {
    for (const gap of gaps) {
        const expected = gap.protocol === "morpho_blue" && blind.has(gap.market);
        if (!expected) tally.fail(`${name}: gap ${JSON.stringify(gap)}`);
    }
    for (const id of blind)
        tally.equal(
            `${id} has a gap`,
            gaps.some(({ market }) => market === id),
            true,
        );
}
