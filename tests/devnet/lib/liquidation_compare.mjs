// Compares a liquidation as margrave simulates it with what the contracts did.
import { maxUint256 } from "viem";

/// Shares are rounded when they move, so that a holder may gain this much more or less than the amount that moved.
const SHARE_ROUNDING = 2n;

/// What a contract calls its refusal → what margrave may call it; refusals that are not here need only be refusals.
export const REASONS = {
    25: ["zero_amount"],
    29: ["paused"],
    45: ["healthy"],
    46: ["collateral_not_enabled"],
    47: ["no_debt_in_asset"],
    59: ["price_oracle_sentinel"],
    ReservePaused: ["paused"],
    HealthFactorNotBelowThreshold: ["healthy"],
    CollateralCannotBeLiquidated: ["collateral_not_enabled"],
    SpecifiedCurrencyNotBorrowedByUser: ["no_debt_in_asset"],
    PriceOracleSentinelCheckFailed: ["price_oracle_sentinel"],
    LiquidationGraceSentinelCheckFailed: ["grace_period"],
    MustNotLeaveDust: ["dust_left"],
    InvalidBurnAmount: ["zero_amount"],
    "position is healthy": ["healthy"],
    "oracle is down": ["no_price"],
};

/// Differences, each a readable line; none when the simulation is right.
export function compareLiquidation(reported, truth, { debt, receiveShares = false, same = false }) {
    const differences = [];
    const equal = (what, ours, theirs) => {
        if (ours !== theirs) differences.push(`${what}: reported ${ours}, on chain ${theirs}`);
    };
    equal("schema", reported.schema, "margrave.liquidation/1");
    equal("eligible", reported.eligible, truth.success);
    if (!truth.success || !reported.eligible) {
        if (truth.success) differences.push(`refused as ${reported.reason}`);
        else compareReason(equal, reported, truth);
        return differences;
    }
    equal("reason", reported.reason, null);
    equal("repaid_raw", reported.repaid_raw, String(truth.repaid));
    equal("seized_raw", reported.seized_raw, String(truth.seized));
    equal("fee_raw", reported.fee_raw, String(truth.fee));
    equal("collateral_lost_raw", reported.collateral_lost_raw, String(truth.seized + truth.fee));
    equal("bad_debt_raw", reported.bad_debt_raw, String(truth.deficits[debt.symbol] ?? 0n));
    equal("deficits_raw", inOrder(reported.deficits_raw), inOrder(truth.deficits));
    compareAfter(equal, reported.after, truth.after);
    if (truth.gained) compareGains(equal, reported, truth.gained, { receiveShares, same });
    return differences;
}

function compareReason(equal, { eligible, reason }, { error }) {
    if (eligible) return equal("reason", null, error);
    equal("a refusal has a reason", typeof reason, "string");
    if (REASONS[error] && !REASONS[error].includes(reason)) equal("reason", reason, `${error}, ${REASONS[error]}`);
}

const inOrder = (amounts) =>
    Object.entries(amounts)
        .map(([symbol, amount]) => `${amount} ${symbol}`)
        .sort()
        .join(", ");

function compareAfter(equal, after, truth) {
    const endless = truth.healthFactor === null || truth.healthFactor === maxUint256;
    equal("after.collateral_raw", after.collateral_raw, String(truth.collateral));
    equal("after.debt_raw", after.debt_raw, String(truth.debt));
    equal("after.health_factor_raw", after.health_factor_raw, endless ? null : String(truth.healthFactor));
    const ours = after.legs.filter(({ amount_raw }) => amount_raw !== "0");
    equal(
        "after.legs",
        sums(ours.map(({ asset, side, amount_raw }) => [asset, side, amount_raw])),
        sums(legsOf(truth)),
    );
}

// Stable and variable debt may be one leg or two: what counts is the sum.
function sums(legs) {
    const totals = new Map();
    for (const [asset, side, amount] of legs) {
        const key = `${side} ${asset.toLowerCase()}`;
        totals.set(key, (totals.get(key) ?? 0n) + BigInt(amount));
    }
    return [...totals]
        .map(([key, total]) => `${total} ${key}`)
        .sort()
        .join(", ");
}

function legsOf({ balances, market, collateral, debt, supplied }) {
    const legs = balances
        ? balances.flatMap(({ asset, usable, supplied, variable, stable }) => [
              [asset, usable ? "collateral" : "supply", supplied],
              [asset, "debt", variable + stable],
          ])
        : [
              [market.params.collateralToken, "collateral", collateral],
              [market.params.loanToken, "debt", debt],
              [market.params.loanToken, "supply", supplied],
          ];
    return legs.filter(([, , amount]) => amount > 0n);
}

// What the liquidator and the treasury have more or less, against what margrave says has moved.
function compareGains(equal, { repaid_raw, seized_raw, fee_raw }, gained, { receiveShares, same }) {
    const [repaid, seized, fee] = [repaid_raw, seized_raw, fee_raw].map(BigInt);
    const received = receiveShares ? 0n : seized;
    const near = (one, other) => one - other <= SHARE_ROUNDING && other - one <= SHARE_ROUNDING;
    equal("the liquidator pays", gained.debt, (same ? received : 0n) - repaid);
    equal("the liquidator receives", gained.collateral, received - (same ? repaid : 0n));
    equal("the liquidator's shares", near(gained.shares, receiveShares ? seized : 0n), true);
    equal("the treasury's shares", near(gained.treasuryShares, fee), true);
}

/// What margrave should say, from what the contracts did: it tests the comparison.
export function perfectLiquidation({ success, error, repaid, seized, fee, deficits, after }, { debt }) {
    const schema = "margrave.liquidation/1";
    if (!success) return { schema, eligible: false, reason: REASONS[error]?.[0] ?? "refused" };
    const { collateral, debt: owed, healthFactor } = after;
    const endless = healthFactor === null || healthFactor === maxUint256;
    const legs = legsOf(after).map(([asset, side, amount]) => ({ asset, side, amount_raw: String(amount) }));
    return {
        schema,
        eligible: true,
        reason: null,
        repaid_raw: String(repaid),
        seized_raw: String(seized),
        fee_raw: String(fee),
        collateral_lost_raw: String(seized + fee),
        bad_debt_raw: String(deficits[debt.symbol] ?? 0n),
        deficits_raw: Object.fromEntries(Object.entries(deficits).map(([symbol, amount]) => [symbol, String(amount)])),
        after: {
            collateral_raw: String(collateral),
            debt_raw: String(owed),
            health_factor_raw: endless ? null : String(healthFactor),
            legs,
        },
    };
}

const plusOne = (object, field) => (object[field] = String(BigInt(object[field]) + 1n));

/// What is wrong → a function that makes it so, in place; for a liquidation that succeeded and left something.
export const LIQUIDATION_PERTURBATIONS = {
    "a refusal that is none": (report) => Object.assign(report, { eligible: false, reason: "healthy" }),
    "a reason in spite of success": (report) => (report.reason = "healthy"),
    "a wei more repaid": (report) => plusOne(report, "repaid_raw"),
    "a wei more seized": (report) => plusOne(report, "seized_raw"),
    "a wei more of a fee": (report) => plusOne(report, "fee_raw"),
    "a wei more collateral lost": (report) => plusOne(report, "collateral_lost_raw"),
    "a wei of bad debt": (report) => plusOne(report, "bad_debt_raw"),
    "a deficit made up": (report) => (report.deficits_raw.NONE = "1"),
    "a unit more collateral after": (report) => plusOne(report.after, "collateral_raw"),
    "a unit more debt after": (report) => plusOne(report.after, "debt_raw"),
    "a unit more health after": (report) => plusOne(report.after, "health_factor_raw"),
    "a wei more in a leg": (report) => plusOne(report.after.legs[0], "amount_raw"),
    "a leg left out": (report) => report.after.legs.pop(),
    "a leg made up": (report) =>
        report.after.legs.push({ asset: `0x${"1".repeat(40)}`, side: "supply", amount_raw: "1" }),
};
