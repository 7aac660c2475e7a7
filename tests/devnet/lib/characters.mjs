// Wallets made for liquidations at the edges: each opens the same position in every Aave market.
import { POOL } from "./aave.mjs";
import { addressOf } from "./random.mjs";
import { mintMany } from "./tokens.mjs";

const VARIABLE = 2n;

/// Amounts in whole tokens.
const CHARACTERS = {
    plain: { supply: { WETH: 10 }, borrow: { DAI: 8_000 } },
    several: { supply: { WETH: 10, USDC: 5_000 }, disable: ["USDC"], borrow: { DAI: 9_000, USDT: 2_000 } },
    looped: { emode: 1, supply: { wstETH: 30, LINK: 500 }, borrow: { WETH: 28.5 } },
    sameAsset: { supply: { WETH: 10, DAI: 2_000 }, borrow: { WETH: 7.5, USDT: 2_000 } },
    small: { supply: { WETH: 1 }, borrow: { DAI: 1_000 } },
    mixed: { supply: { WETH: 1, LINK: 250 }, borrow: { DAI: 2_200 } },
};

/// Queues everyone's position in one market; returns name → address.
export function enterCharacters(chain, market) {
    const addresses = {};
    for (const [name, { emode, supply, disable = [], borrow }] of Object.entries(CHARACTERS)) {
        const from = (addresses[name] = addressOf("margrave edge", market.name, name));
        const call = (functionName, ...args) => chain.send({ from, to: market.pool, abi: POOL, functionName, args });
        if (emode) call("setUserEMode", emode);
        for (const [reserve, amount] of amountsOf(market, supply)) {
            mintMany(chain, reserve, [from], [amount]);
            call("supply", reserve.asset, amount, from, 0);
        }
        for (const [reserve, amount] of amountsOf(market, borrow)) {
            call("borrow", reserve.asset, amount, VARIABLE, 0, from);
        }
        for (const symbol of disable) call("setUserUseReserveAsCollateral", reserveOf(market, symbol).asset, false);
    }
    return addresses;
}

export const reserveOf = (market, symbol) => market.reserves.find((reserve) => reserve.symbol === symbol);

const amountsOf = (market, amounts) =>
    Object.entries(amounts).map(([symbol, amount]) => {
        const reserve = reserveOf(market, symbol);
        return [reserve, BigInt(amount * 10) * 10n ** BigInt(reserve.decimals - 1)];
    });
