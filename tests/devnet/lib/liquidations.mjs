// Liquidations that really happen on the node, and are then undone.
import { decodeErrorResult, decodeEventLog, parseAbi } from "viem";
import { ERC20, POOL, TREASURY } from "./aave.mjs";
import { MORPHO, setOracle } from "./morpho.mjs";
import { readMorphoMarket } from "./morpho_truth.mjs";
import { readMany } from "./multicall3.mjs";
import { mintMany, setFeed } from "./tokens.mjs";
import { readMarket } from "./truth.mjs";

const EVENTS = parseAbi([
    "event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)",
    "event DeficitCreated(address indexed user, address indexed debtAsset, uint256 amountCreated)",
    "event Transfer(address indexed from, address indexed to, uint256 value)",
]);
const GAS = 8_000_000n;
// More than anyone owes, so that a liquidation never fails for want of the liquidator's money.
const PLENTY = 10n ** 32n;

/// Queues so much of every token for a liquidator that no liquidation fails for want of it.
export async function fundLiquidator(chain, tokens, liquidator) {
    for (const token of tokens) mintMany(chain, token, [liquidator], [PLENTY]);
    await chain.setBalances([[liquidator, PLENTY]]);
}

/// What a liquidation of Aave did: { success, error, after } and, when it succeeded, { repaid, seized, fee, deficits:
/// { symbol: amount }, gained }. `after` is the account as the contracts see it, `gained` what others have more.
/// `answers` are feeds to set first, [[symbol, answer]]; `first` queues whatever else has to happen first.
export async function liquidateAave({ chain }, market, call, { answers = [], first } = {}) {
    const { user, collateral, debt, amount, receiveShares, liquidator } = call;
    return chain.onSnapshot(async () => {
        const before = await readHolders(chain, call);
        for (const [symbol, answer] of answers) setFeed(chain, feedOf(market, symbol), answer);
        first?.();
        const { success, logs, error } = await chain.sendNow({
            from: liquidator,
            to: market.pool,
            abi: POOL,
            functionName: "liquidationCall",
            args: [collateral.asset, debt.asset, user, amount, receiveShares],
            gas: GAS,
        });
        const [after] = await readMarket(chain, market, [user], "latest");
        if (!success) return { success, error: errorName(error), after };
        const holders = await readHolders(chain, call);
        const gained = Object.fromEntries(HOLDERS.map((name, i) => [name, holders[i] - before[i]]));
        return { ...aaveOutcome(market, logs, call), after, gained };
    });
}

const feedOf = ({ reserves }, symbol) => reserves.find((reserve) => reserve.symbol === symbol).feed;

// Of the liquidator, and at last the treasury.
const HOLDERS = ["collateral", "debt", "shares", "treasuryShares"];

const readHolders = (chain, { collateral, debt, liquidator }) =>
    readMany(
        chain,
        [
            [collateral.asset, liquidator],
            [debt.asset, liquidator],
            [collateral.aToken, liquidator],
            [collateral.aToken, TREASURY],
        ].map(([to, holder]) => ({ to, abi: ERC20, functionName: "balanceOf", args: [holder] })),
    );

/// What the events of a liquidation of Aave tell: { success, repaid, seized, fee, deficits }.
export function aaveOutcome(market, logs, { user, collateral }) {
    const events = decodeAll(EVENTS, logs);
    const { args } = events.find(({ eventName }) => eventName === "LiquidationCall");
    const same = (one, other) => one.toLowerCase() === other.toLowerCase();
    // The treasury's share arrives as an ordinary transfer of the user's aTokens.
    const fees = events.filter(
        ({ eventName, address, args: { from, to } }) =>
            eventName === "Transfer" && same(address, collateral.aToken) && same(from, user) && same(to, TREASURY),
    );
    const deficits = {};
    for (const { args } of events.filter(({ eventName }) => eventName === "DeficitCreated")) {
        const { symbol } = market.reserves.find(({ asset }) => same(asset, args.debtAsset));
        deficits[symbol] = (deficits[symbol] ?? 0n) + args.amountCreated;
    }
    const fee = fees.reduce((sum, { args: { value } }) => sum + value, 0n);
    return { success: true, repaid: args.debtToCover, seized: args.liquidatedCollateralAmount, fee, deficits };
}

/// The same for Morpho Blue. The call names `seize` or `repayShares`; `price` is the oracle's, if not today's.
export async function liquidateMorpho(
    { chain, blue },
    { market, user, seize = 0n, repayShares = 0n, liquidator },
    price,
) {
    return chain.onSnapshot(async () => {
        if (price !== undefined) setOracle(chain, market, price);
        const args = [market.params, user, seize, repayShares, "0x"];
        const call = { from: liquidator, to: blue.morpho, abi: MORPHO, functionName: "liquidate", args, gas: GAS };
        const { success, logs, error } = await chain.sendNow(call);
        const [after] = await readMorphoMarket(chain, blue, market, [user], "latest");
        if (!success) return { success, error: errorName(error), after };
        return { ...morphoOutcome(market, logs), after };
    });
}

/// The same of Morpho.
export function morphoOutcome(market, logs) {
    const { args } = decodeAll(MORPHO, logs).find(({ eventName }) => eventName === "Liquidate");
    const { repaidAssets: repaid, seizedAssets: seized, badDebtAssets } = args;
    const deficits = badDebtAssets ? { [market.loan.symbol]: badDebtAssets } : {};
    return { success: true, repaid, seized, fee: 0n, deficits };
}

/// The events of an ABI among a receipt's logs, with the contracts that sent them.
export function decodeAll(abi, logs) {
    return logs.flatMap(({ address, topics, data }) => {
        try {
            return [{ address, ...decodeEventLog({ abi, topics, data }) }];
        } catch {
            return [];
        }
    });
}

const ERRORS = parseAbi(
    [
        "error Error(string)",
        "error Panic(uint256)",
        ...[
            "ReserveInactive",
            "ReservePaused",
            "PriceOracleSentinelCheckFailed",
            "LiquidationGraceSentinelCheckFailed",
        ],
        ...["HealthFactorNotBelowThreshold", "CollateralCannotBeLiquidated", "SpecifiedCurrencyNotBorrowedByUser"],
        ...["MustNotLeaveDust", "SelfLiquidation", "InvalidAmount", "InvalidBurnAmount"],
    ].map((error) => (error.startsWith("error") ? error : `error ${error}()`)),
);

/// Aave's error, Morpho's or Solidity's own, in a word or two.
export function errorName(data) {
    try {
        const { errorName, args } = decodeErrorResult({ abi: ERRORS, data });
        return { Error: args?.[0], Panic: `panic ${args?.[0]}` }[errorName] ?? errorName;
    } catch {
        return `unknown error ${data}`;
    }
}
