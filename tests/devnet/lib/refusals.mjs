// Why the contracts of two generations refuse a call, in margrave's words.
import { decodeAbiParameters, toFunctionSelector } from "viem";

/// 3.0 answers with the number of a text in Errors.sol, 3.6 with a custom error; the same word for both.
const REASONS = [
    ["26", "InvalidAmount", "invalid_amount"],
    ["24", "InvalidMintAmount", "invalid_amount"],
    ["25", "InvalidBurnAmount", "invalid_amount"],
    ["27", "ReserveInactive", "reserve_inactive"],
    ["28", "ReserveFrozen", "frozen"],
    ["29", "ReservePaused", "paused"],
    ["30", "BorrowingNotEnabled", "borrowing_not_enabled"],
    ["32", "NotEnoughAvailableUserBalance", "not_enough_balance"],
    ["34", "CollateralBalanceIsZero", "collateral_balance_is_zero"],
    ["35", "HealthFactorLowerThanLiquidationThreshold", "health_factor_too_low"],
    ["36", "CollateralCannotCoverNewBorrow", "collateral_cannot_cover_new_borrow"],
    ["39", "NoDebtOfSelectedType", "no_debt"],
    ["43", "UnderlyingBalanceZero", "no_supply"],
    ["50", "BorrowCapExceeded", "borrow_cap_exceeded"],
    ["51", "SupplyCapExceeded", "supply_cap_exceeded"],
    ["53", "DebtCeilingExceeded", "debt_ceiling_exceeded"],
    ["57", "LtvValidationFailed", "ltv_validation_failed"],
    ["58", "InconsistentEModeCategory", "inconsistent_emode_category"],
    ["59", "PriceOracleSentinelCheckFailed", "price_oracle_sentinel"],
    ["60", "AssetNotBorrowableInIsolation", "asset_not_borrowable_in_isolation"],
    ["62", "UserInIsolationModeOrLtvZero", "isolation_or_zero_ltv"],
    ["89", "SiloedBorrowingViolation", "siloed_borrowing_violation"],
    [null, "NotBorrowableInEMode", "not_borrowable_in_emode"],
];
const WITH_ARGUMENTS = [
    ["InvalidDebtInEmode(address,uint256)", "debt_not_allowed_in_emode"],
    ["InvalidCollateralInEmode(address,uint256)", "collateral_not_allowed_in_emode"],
];

const byNumber = new Map(REASONS.map(([number, , reason]) => [number, reason]));
const bySelector = new Map([
    ...REASONS.map(([, error, reason]) => [toFunctionSelector(`${error}()`), reason]),
    ...WITH_ARGUMENTS.map(([error, reason]) => [toFunctionSelector(error), reason]),
]);
const ERROR = "0x08c379a0"; // Error(string)
const PANIC = "0x4e487b71"; // Panic(uint256)

/// margrave's word for the data of a revert; "arithmetic" where the contract only overflowed.
export function reasonOf(data) {
    const selector = (data ?? "0x").slice(0, 10);
    if (selector === PANIC || selector === "0x") return "arithmetic";
    if (selector !== ERROR) return bySelector.get(selector) ?? `error ${data}`;
    const [text] = decodeAbiParameters([{ type: "string" }], `0x${data.slice(10)}`);
    return byNumber.get(text) ?? (/overflow|exceeds balance|insufficient/i.test(text) ? "arithmetic" : text);
}

/// What margrave calls `insufficient_liquidity` is a subtraction or a transfer that fails.
export const agree = (ours, theirs) =>
    ours === theirs || (theirs === "arithmetic" && ["insufficient_liquidity", "out_of_range"].includes(ours));
