// Everything a market's contracts store about reserves and wallets, to compare a replay with.
import { encodeFunctionData, parseAbi } from "viem";
import { ERC20, POOL } from "./aave.mjs";
import { readRaw } from "./multicall3.mjs";

const TOKEN = parseAbi([
    "function scaledBalanceOf(address) view returns (uint256)",
    "function scaledTotalSupply() view returns (uint256)",
    "function getSupplyData() view returns (uint256 principal, uint256 total, uint256 rate, uint40 updated)",
    "function principalBalanceOf(address) view returns (uint256)",
]);
const COUNTING_POOL = parseAbi([
    "function getVirtualUnderlyingBalance(address) view returns (uint128)",
    "function getReserveDeficit(address) view returns (uint256)",
]);

const call = (to, abi, functionName, ...args) => ({ to, data: encodeFunctionData({ abi, functionName, args }) });
const words = (data) =>
    data
        .slice(2)
        .match(/.{64}/g)
        .map((word) => BigInt(`0x${word}`));

/// Resolves to a flat map: "USDC liquidity_index" or "0x… USDC scaled_debt" → integer.
export async function readContracts(chain, market, wallets, block) {
    const questions = [
        ...market.reserves.flatMap((reserve) => ofReserve(market, reserve)),
        ...wallets.flatMap((wallet) => ofWallet(market, wallet)),
    ];
    const answers = await readRaw(
        chain,
        questions.map(({ ask }) => ask),
        block,
    );
    const state = new Map();
    questions.forEach(({ name, fields }, i) => {
        const values = words(answers[i]);
        for (const [field, at] of Object.entries(fields)) state.set(`${name} ${field}`, values[at]);
    });
    return state;
}

function ofReserve(market, reserve) {
    const { symbol: name, asset, aToken, variableDebtToken, stableDebtToken } = reserve;
    const data = {
        configuration: 0,
        liquidity_index: 1,
        liquidity_rate: 2,
        borrow_index: 3,
        borrow_rate: 4,
        last_update: 6,
        accrued_to_treasury: 12,
        isolation_mode_total_debt: 14,
    };
    const questions = [
        { name, fields: data, ask: call(market.pool, POOL, "getReserveData", asset) },
        { name, fields: { scaled_supply: 0 }, ask: call(aToken, TOKEN, "scaledTotalSupply") },
        { name, fields: { scaled_debt: 0 }, ask: call(variableDebtToken, TOKEN, "scaledTotalSupply") },
    ];
    if (market.generation === "3.0") {
        const fields = { stable_principal: 0, stable_rate: 2, stable_update: 3 };
        questions.push({ name, fields: { a_token_holding: 0 }, ask: call(asset, ERC20, "balanceOf", aToken) });
        questions.push({ name, fields, ask: call(stableDebtToken, TOKEN, "getSupplyData") });
    } else {
        const ask = (functionName) => call(market.pool, COUNTING_POOL, functionName, asset);
        questions.push({ name, fields: { virtual_balance: 0 }, ask: ask("getVirtualUnderlyingBalance") });
        questions.push({ name, fields: { deficit: 0 }, ask: ask("getReserveDeficit") });
    }
    return questions;
}

function ofWallet(market, wallet) {
    const ofPool = (fields, functionName) => ({
        name: wallet,
        fields,
        ask: call(market.pool, POOL, functionName, wallet),
    });
    const account = { collateral: 0, debt: 1, available_borrows: 2, threshold: 3, ltv: 4, health_factor: 5 };
    return [
        ofPool(account, "getUserAccountData"),
        ofPool({ configuration: 0 }, "getUserConfiguration"),
        ofPool({ emode: 0 }, "getUserEMode"),
        ...market.reserves.flatMap(({ symbol, aToken, variableDebtToken, stableDebtToken }) => {
            const ask = (fields, to, abi, functionName) => ({
                name: `${wallet} ${symbol}`,
                fields,
                ask: call(to, abi, functionName, wallet),
            });
            return [
                ask({ scaled_supply: 0 }, aToken, TOKEN, "scaledBalanceOf"),
                ask({ supply: 0 }, aToken, ERC20, "balanceOf"),
                ask({ scaled_debt: 0 }, variableDebtToken, TOKEN, "scaledBalanceOf"),
                ask({ variable_debt: 0 }, variableDebtToken, ERC20, "balanceOf"),
                ...(stableDebtToken ? [ask({ stable_debt: 0 }, stableDebtToken, ERC20, "balanceOf")] : []),
            ];
        }),
    ];
}

const MAX = 2n ** 256n - 1n;
const integer = (text) => (text === undefined ? undefined : BigInt(text));

/// The same map from what the replay says of a market.
export function flattenReplay(market, answer) {
    const state = new Map();
    // By the devnet's own names: BARE tells none.
    const symbolOf = new Map(market.reserves.map(({ asset, symbol }) => [asset.toLowerCase(), symbol]));
    for (const reserve of answer.raw.reserves) {
        addReserve(state, market, { ...reserve, symbol: symbolOf.get(reserve.asset.toLowerCase()) });
    }
    for (const account of answer.accounts) addAccount(state, market, account, symbolOf);
    const byId = new Map(market.reserves.map(({ id, symbol }) => [String(id), symbol]));
    for (const { wallet, configuration, emode_category, balances } of answer.raw.accounts) {
        const name = wallet.toLowerCase();
        state.set(`${name} configuration`, integer(configuration));
        state.set(`${name} emode`, integer(emode_category));
        for (const { reserve, scaled_supply, scaled_debt } of balances) {
            state.set(`${name} ${byId.get(reserve)} scaled_supply`, integer(scaled_supply));
            state.set(`${name} ${byId.get(reserve)} scaled_debt`, integer(scaled_debt));
        }
    }
    return state;
}

function addReserve(state, market, reserve) {
    const plain = ["configuration", "liquidity_index", "liquidity_rate", "borrow_index", "borrow_rate"];
    plain.push("last_update", "accrued_to_treasury", "isolation_mode_total_debt");
    for (const field of plain) state.set(`${reserve.symbol} ${field}`, integer(reserve[field]));
    const { totals } = reserve;
    const counted = market.generation === "3.0" ? ["a_token_holding"] : ["virtual_balance", "deficit"];
    for (const field of ["scaled_supply", "scaled_debt", ...counted]) {
        state.set(`${reserve.symbol} ${field}`, integer(totals[field]));
    }
    if (market.generation === "3.0") {
        state.set(`${reserve.symbol} stable_principal`, integer(totals.stable.principal));
        state.set(`${reserve.symbol} stable_rate`, integer(totals.stable.average_rate));
        state.set(`${reserve.symbol} stable_update`, integer(totals.stable.last_update));
    }
}

function addAccount(state, market, { wallet, health, legs }, symbolOf) {
    const name = wallet.toLowerCase();
    const figures = {
        collateral: health.collateral,
        debt: health.debt,
        available_borrows: health.available_borrows,
        threshold: health.liquidation_threshold_bps,
        ltv: health.max_ltv_bps,
        health_factor: health.health_factor ?? MAX,
    };
    for (const [field, value] of Object.entries(figures)) state.set(`${name} ${field}`, integer(value));
    // What is not named is nothing.
    for (const { symbol } of market.reserves) {
        for (const field of ["scaled_supply", "scaled_debt", "supply"]) state.set(`${name} ${symbol} ${field}`, 0n);
    }
    const owed = new Map();
    for (const { asset, side, amount } of legs) {
        const symbol = symbolOf.get(asset.toLowerCase());
        if (side === "debt") owed.set(symbol, (owed.get(symbol) ?? 0n) + integer(amount));
        else state.set(`${name} ${symbol} supply`, integer(amount));
    }
    for (const { symbol } of market.reserves) state.set(`${name} ${symbol} all_debt`, owed.get(symbol) ?? 0n);
}

/// The names on which two maps differ, with both values. Legs do not tell stable debt from variable: their sum counts.
export function differences(replayed, contracts) {
    const theirs = new Map(contracts);
    for (const [name, value] of contracts) {
        if (!name.endsWith(" variable_debt")) continue;
        const place = name.slice(0, -" variable_debt".length);
        theirs.set(`${place} all_debt`, value + (contracts.get(`${place} stable_debt`) ?? 0n));
        theirs.delete(name);
        theirs.delete(`${place} stable_debt`);
    }
    const names = new Set([...replayed.keys(), ...theirs.keys()]);
    return [...names]
        .filter((name) => replayed.get(name) !== theirs.get(name))
        .map((name) => `${name}: replayed ${replayed.get(name)}, contract ${theirs.get(name)}`);
}
