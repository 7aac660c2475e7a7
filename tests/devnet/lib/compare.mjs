// Compares margrave's report with what the contracts say, number by number.
import { maxUint256 } from "viem";

const WAD = 10n ** 18n;

/// Resolves nothing, hides nothing: returns { comparisons, differences }, a difference being one readable line.
export function compare(report, truth) {
    const tally = new Tally();
    compareAccounts(tally, report.accounts, truth.accounts);
    compareHoldings(tally, report.holdings, truth.holdings);
    for (const gap of report.gaps) tally.fail(`gap: ${JSON.stringify(gap)}`);
    return { comparisons: tally.comparisons, differences: tally.differences };
}

export class Tally {
    comparisons = 0;
    differences = [];

    equal(what, reported, expected) {
        this.comparisons++;
        if (reported !== expected) this.differences.push(`${what}: reported ${reported}, on chain ${expected}`);
    }

    fail(what) {
        this.comparisons++;
        this.differences.push(what);
    }
}

const keyOf = (market, wallet) => `${market} ${wallet.toLowerCase()}`;

function compareAccounts(tally, reported, expected) {
    const byKey = indexed(tally, reported, ({ market, wallet }) => keyOf(market, wallet));
    for (const truth of expected) {
        const key = keyOf(truth.market, truth.wallet);
        const account = byKey.get(key);
        byKey.delete(key);
        if (account) compareAccount(tally, key, account, truth);
        else if (truth.balances.length) tally.fail(`${key}: has a position that is not reported`);
    }
    for (const key of byKey.keys()) tally.fail(`${key}: reported, but nobody asked for it`);
}

/// Rows by key; a key that comes twice is a difference.
export function indexed(tally, rows, key) {
    const map = new Map();
    for (const row of rows) {
        if (map.has(key(row))) tally.fail(`${key(row)}: reported twice`);
        map.set(key(row), row);
    }
    return map;
}

function compareAccount(tally, key, account, truth) {
    const endless = truth.healthFactor === maxUint256;
    tally.equal(`${key} protocol`, account.protocol, "aave_v3");
    tally.equal(`${key} quote`, account.quote, "USD");
    tally.equal(`${key} emode_category`, account.emode_category, truth.emode ? String(truth.emode) : null);
    tally.equal(`${key} collateral_raw`, account.collateral_raw, String(truth.collateral));
    tally.equal(`${key} debt_raw`, account.debt_raw, String(truth.debt));
    tally.equal(
        `${key} liquidation_threshold_bps`,
        account.liquidation_threshold_bps,
        Number(truth.liquidationThreshold),
    );
    tally.equal(`${key} max_ltv_bps`, account.max_ltv_bps, Number(truth.maxLtv));
    tally.equal(`${key} health_factor_raw`, account.health_factor_raw, endless ? null : String(truth.healthFactor));
    tally.equal(`${key} status`, account.status, statusOf(truth));
    compareLegs(tally, key, account.legs, truth.balances);
}

/// `at_risk` begins below 1.1 unless configured otherwise.
export function statusOf({ debt, healthFactor }) {
    if (debt === 0n) return "no_debt";
    if (healthFactor < WAD) return "liquidatable";
    return healthFactor < (11n * WAD) / 10n ? "at_risk" : "healthy";
}

function compareLegs(tally, key, legs, balances) {
    const left = [...legs];
    for (const balance of balances) {
        const of = (side) =>
            left.filter((leg) => leg.asset.toLowerCase() === balance.asset.toLowerCase() && leg.side === side);
        const side = balance.usable ? "collateral" : "supply";
        const groups = [
            { side, found: of(side), amounts: [balance.supplied] },
            { side: "debt", found: of("debt"), amounts: [balance.variable, balance.stable] },
        ];
        for (const { side, found, amounts } of groups) {
            compareGroup(
                tally,
                `${key} ${balance.symbol} ${side}`,
                found,
                amounts.filter((amount) => amount > 0n),
                balance,
            );
            for (const leg of found) left.splice(left.indexOf(leg), 1);
        }
    }
    for (const leg of left) {
        if (leg.amount_raw !== "0")
            tally.fail(`${key}: a ${leg.side} of ${leg.amount_raw} ${leg.symbol} that does not exist`);
    }
}

// Stable and variable debt may be one leg or two.
function compareGroup(tally, key, found, amounts, { symbol, decimals, price }) {
    const reported = found.map((leg) => leg.amount_raw).sort();
    const apart = amounts.map(String).sort();
    const together = amounts.length ? [String(amounts.reduce((sum, amount) => sum + amount))] : [];
    tally.equal(key, reported.join(" + "), (reported.length === 1 ? together : apart).join(" + "));
    for (const leg of found) {
        tally.equal(`${key} oracle_price_raw`, leg.oracle_price_raw, String(price));
        tally.equal(`${key} decimals`, leg.decimals, decimals);
        // One token has no symbol to report.
        if (symbol !== "BARE") tally.equal(`${key} symbol`, leg.symbol, symbol);
    }
}

export function compareHoldings(tally, reported, expected) {
    // The native coin has no contract; margrave names it by symbol.
    const key = ({ wallet, symbol, asset }) =>
        `${wallet.toLowerCase()} holds ${symbol === "ETH" ? "ETH" : asset.toLowerCase()}`;
    const byKey = indexed(tally, reported, key);
    for (const truth of expected) {
        const holding = byKey.get(key(truth));
        byKey.delete(key(truth));
        tally.equal(`${key(truth)} (${truth.symbol})`, holding?.amount_raw, String(truth.amount));
    }
    for (const [name, { amount_raw }] of byKey) {
        if (amount_raw !== "0") tally.fail(`${name}: reported as ${amount_raw}, but there is nothing`);
    }
}
