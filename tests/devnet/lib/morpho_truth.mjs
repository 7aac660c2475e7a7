// What Morpho Blue itself says about wallets at one block, with interest up to that block's time.
import { decodeErrorResult, decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { MORPHO } from "./morpho.mjs";
import { readRaw } from "./multicall3.mjs";
import { NOTHING, probe } from "./probe.mjs";

const WAD = 10n ** 18n;
const PRICE_SCALE = 10n ** 36n;
// SharesMathLib's virtual shares and assets.
const VIRTUAL_SHARES = 1_000_000n;
const VIRTUAL_ASSETS = 1n;

/// Rows for every wallet and market, also where there is nothing: { market, wallet, supplied, debt, collateral, price
/// (null where the oracle reverts), maxBorrow, healthFactor (null without debt or price), supplyShares, borrowShares,
/// totals }.
export async function readMorphoTruth({ chain, blue }, wallets, block) {
    const truths = [];
    for (const market of blue.markets) truths.push(...(await readMorphoMarket(chain, blue, market, wallets, block)));
    return truths;
}

/// One market's rows.
export async function readMorphoMarket(chain, { morpho }, market, wallets, block) {
    const ask = (functionName, ...args) => ({
        to: morpho,
        data: encodeFunctionData({ abi: MORPHO, functionName, args }),
    });
    // The aggregate is one execution: what follows the first call sees interest accrued by the contract itself.
    const answers = await readRaw(
        chain,
        [
            ask("accrueInterest", market.params),
            ask("market", market.id),
            { to: market.oracle, data: encodeFunctionData({ abi: MORPHO, functionName: "price" }) },
            ...wallets.map((wallet) => ask("position", market.id, wallet)),
        ],
        block,
    );
    const decode = (functionName, data) => decodeFunctionResult({ abi: MORPHO, functionName, data });
    const [, totals, price, ...positions] = answers;
    const answer = market.collateral && price ? decode("price", price) : null;
    return wallets.map((wallet, i) =>
        account(market, wallet, decode("market", totals), answer, decode("position", positions[i])),
    );
}

function account(market, wallet, totals, price, [supplyShares, borrowShares, collateral]) {
    const [supplyAssets, supplyTotal, borrowAssets, borrowTotal] = totals;
    const supplied = (supplyShares * (supplyAssets + VIRTUAL_ASSETS)) / (supplyTotal + VIRTUAL_SHARES);
    const debt = divideUp(borrowShares * (borrowAssets + VIRTUAL_ASSETS), borrowTotal + VIRTUAL_SHARES);
    const maxBorrow = price === null ? null : (((collateral * price) / PRICE_SCALE) * market.lltv) / WAD;
    const healthFactor = debt && maxBorrow !== null ? (maxBorrow * WAD) / debt : null;
    const shares = { supplyShares, borrowShares, totals };
    return { market, wallet, supplied, debt, collateral, price, maxBorrow, healthFactor, ...shares };
}

const divideUp = (numerator, denominator) => (numerator + denominator - 1n) / denominator;

/// Whether the contract's own check calls the account healthy, for each of `prices` (today's without any): a
/// liquidation of one share reverts as healthy or for any other reason.
export async function contractFindsHealthy({ chain, blue }, { market, wallet }, block, prices) {
    const { to, abi } = { to: market.oracle, abi: parseAbi(["function set(uint256)"]) };
    const outcomes = await probe(chain, {
        steps: prices?.map((price) => ({ to, abi, functionName: "set", args: [price] })) ?? [NOTHING],
        question: {
            to: blue.morpho,
            abi: MORPHO,
            functionName: "liquidate",
            args: [market.params, wallet, 0n, 1n, "0x"],
        },
        block,
    });
    return outcomes.map(({ success, data }) => !success && revertReason(data) === "position is healthy");
}

/// The text of a require, or null for any other failure.
export function revertReason(data) {
    const abi = parseAbi(["error Error(string)", "error Panic(uint256)"]);
    try {
        const { errorName, args } = decodeErrorResult({ abi, data });
        return errorName === "Error" ? args[0] : `panic ${args[0]}`;
    } catch {
        return null;
    }
}

/// The contract's arguments for a size as margrave's options give it: assets to repay become shares, rounded down as
/// its own repay() does; `max` is all shares, or all collateral where that is worth less.
export function morphoSizes({ market, account, price = account.price, size: [option, amount] }) {
    const { totals, borrowShares, collateral } = account;
    if (option === "--seize") return { seize: amount };
    if (option === "--repay-shares") return { repayShares: amount };
    const [, , borrowAssets, borrowTotal] = totals;
    const factors = [borrowAssets + VIRTUAL_ASSETS, borrowTotal + VIRTUAL_SHARES];
    if (amount !== "max") return { repayShares: (amount * factors[1]) / factors[0] };
    const incentive = incentiveOf(market);
    const repaid = (((borrowShares * factors[0]) / factors[1]) * incentive) / WAD;
    return !price || (repaid * PRICE_SCALE) / price > collateral
        ? { seize: collateral }
        : { repayShares: borrowShares };
}

// min(1.15, 1 / (1 - 0.3 × (1 - LLTV)))
function incentiveOf({ lltv }) {
    const cursor = (3n * (WAD - lltv)) / 10n;
    const incentive = (WAD * WAD) / (WAD - cursor);
    const most = (115n * WAD) / 100n;
    return incentive < most ? incentive : most;
}
