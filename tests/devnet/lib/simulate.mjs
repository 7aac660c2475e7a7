// `margrave liquidate`, on a saved snapshot or on a block.
import path from "node:path";
import { maxUint256 } from "viem";
import { margrave, temporaryFolder } from "./margrave.mjs";

// The health of an account may be unknown, which is an answer too.
const ANSWERS = [0, 4];

/// Saves what is known about wallets at a block, and returns the file.
export async function saveSnapshot(config, wallets, block) {
    const file = path.join(temporaryFolder(), "snapshot.json");
    const at = ["--block", String(block), "--snapshot-out", file];
    await run(["audit", ...wallets, "--config", config, "--json", ...at]);
    return file;
}

/// What margrave says of a call as in liquidation_cases.mjs. `where` is ["--snapshot", FILE] or ["--block", NUMBER].
export function simulateAave(config, where, market, { user, collateral, debt, amount, receiveShares, answers = [] }) {
    const named = ({ symbol, asset }) => (symbol === "BARE" ? asset : symbol);
    const reserveOf = (symbol) => market.reserves.find((reserve) => reserve.symbol === symbol);
    return simulate(config, where, user, [
        ...["--protocol", "aave_v3", "--market", market.name],
        ...["--collateral", named(collateral), "--debt", named(debt)],
        ...["--repay", amount === maxUint256 ? "max" : String(amount)],
        ...(receiveShares ? ["--receive-shares"] : []),
        ...answers.flatMap(([symbol, answer]) => ["--oracle", `${named(reserveOf(symbol))}=${answer}`]),
    ]);
}

export function simulateMorpho(config, where, { user, market, size, price }) {
    return simulate(config, where, user, [
        ...["--protocol", "morpho_blue", "--market", market.id],
        ...["--collateral", market.collateral.symbol, "--debt", market.loan.symbol, size[0], String(size[1])],
        ...(price === undefined ? [] : ["--oracle", `${market.collateral.symbol}=${price}`]),
    ]);
}

const simulate = (config, where, user, options) =>
    run(["liquidate", user, ...options, "--json", "--config", config, ...where]);

async function run(args) {
    const { code, stderr, json } = await margrave(args);
    if (ANSWERS.includes(code) && json) return json;
    throw new Error(`margrave ${args.join(" ").slice(0, 500)}\nexited with ${code}: ${stderr.slice(0, 2000)}`);
}
