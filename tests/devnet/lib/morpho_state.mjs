// Everything Morpho Blue stores of markets and wallets and what follows from it, to compare a replay with.
import { encodeFunctionData, parseAbi } from "viem";
import { MORPHO } from "./morpho.mjs";
import { readMorphoMarket } from "./morpho_truth.mjs";
import { readRaw } from "./multicall3.mjs";

const IRM = parseAbi(["function rateAtTarget(bytes32) view returns (int256)"]);
const TOTALS = ["supply_assets", "supply_shares", "borrow_assets", "borrow_shares", "last_update", "fee"];
const POSITION = ["supply_shares", "borrow_shares", "collateral"];
const FIGURES = ["lent", "owed", "health_factor"];

const call = (to, abi, functionName, ...args) => ({ to, data: encodeFunctionData({ abi, functionName, args }) });
const words = (data) =>
    data
        .slice(2)
        .match(/.{64}/g)
        .map((word) => BigInt(`0x${word}`));

/// Resolves to a flat map of one market: "last_update" or "0x… borrow_shares" → integer. `lent`, `owed` and
/// `health_factor` are those of the block's time, with interest; what cannot be known is null.
export async function readMorphoContracts(devnet, market, wallets, block) {
    const { morpho, adaptiveIrm } = devnet.blue;
    const [totals, target, ...positions] = await readRaw(
        devnet.chain,
        [
            call(morpho, MORPHO, "market", market.id),
            call(adaptiveIrm, IRM, "rateAtTarget", market.id),
            ...wallets.map((wallet) => call(morpho, MORPHO, "position", market.id, wallet)),
        ],
        block,
    );
    const state = new Map();
    const add = (prefix, fields, values) => fields.forEach((field, i) => state.set(`${prefix}${field}`, values[i]));
    add("", TOTALS, words(totals));
    add("", ["rate_at_target"], words(target));
    wallets.forEach((wallet, i) => add(`${wallet} `, POSITION, words(positions[i])));
    const accounts = await readMorphoMarket(devnet.chain, devnet.blue, market, wallets, block);
    for (const { wallet, supplied, debt, healthFactor } of accounts) {
        add(`${wallet} `, FIGURES, [supplied, debt, healthFactor]);
    }
    return state;
}

const integer = (text) => (text === undefined ? null : BigInt(text));

/// The same map from what the replay says of the market.
export function flattenMorphoReplay({ raw, accounts }) {
    const state = new Map();
    for (const field of ["supply_assets", "supply_shares", "borrow_assets", "borrow_shares"]) {
        state.set(field, integer(raw[`total_${field}`]));
    }
    for (const field of ["last_update", "fee"]) state.set(field, integer(raw[field]));
    state.set("rate_at_target", integer(raw.model.rate_at_target ?? "0"));
    for (const { wallet, ...position } of raw.accounts) {
        for (const field of POSITION) state.set(`${wallet.toLowerCase()} ${field}`, integer(position[field]));
    }
    for (const { wallet, health, legs } of accounts) {
        const amountOf = (side) => integer(legs.find((leg) => leg.side === side)?.amount ?? "0");
        const figures = [amountOf("supply"), amountOf("debt"), integer(health.health_factor)];
        FIGURES.forEach((field, i) => state.set(`${wallet.toLowerCase()} ${field}`, figures[i]));
    }
    return state;
}

/// The names on which two maps differ, with both values.
export function morphoDifferences(replayed, contracts) {
    return [...new Set([...replayed.keys(), ...contracts.keys()])]
        .filter((name) => replayed.get(name) !== contracts.get(name))
        .map((name) => `${name}: replayed ${replayed.get(name)}, contract ${contracts.get(name)}`);
}
