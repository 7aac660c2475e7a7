// A few named wallets, each an example of one situation.
import { POOL } from "./aave.mjs";
import { addressOf } from "./random.mjs";
import { mintMany } from "./tokens.mjs";

const VARIABLE = 2n;

/// `health` is the health factor right after borrowing. ETH then falls by a tenth (FALL), which brings "near" to about
/// 1.03 and "liquidatable" below 1, and leaves "looped", whose collateral and debt fall together, where it was.
export const FALL = { symbols: ["WETH", "wstETH", "weETH"], numerator: 9n, denominator: 10n };

const WALLETS = [
    { label: "healthy", market: "v36", supply: { WETH: 12n, USDC: 5_000n }, borrow: "DAI", health: 2.4 },
    { label: "looped", market: "v36", emode: 1, supply: { wstETH: 40n }, borrow: "WETH", health: 1.06 },
    { label: "near", market: "v30", supply: { WETH: 20n }, borrow: "DAI", health: 1.03 / 0.9 },
    { label: "liquidatable", market: "v30", supply: { WETH: 8n }, borrow: "USDC", health: 0.97 / 0.9 },
    { label: "isolated", market: "v36", supply: { ENS: 3_000n }, enable: "ENS", borrow: "USDC", health: 1.6 },
    { label: "idle", hold: { WETH: 2n, USDC: 1_250n, RPL: 40n, JUNK: 1_000n } },
    { label: "dust debt", market: "v30", supply: { WETH: 1n }, borrow: "DAI", wei: 1n },
    { label: "dust debt, newer", market: "v36", supply: { WETH: 1n }, borrow: "DAI", wei: 1n },
];

export const BORROWED_IN_SCENARIO = [...new Set(WALLETS.flatMap(({ borrow }) => borrow ?? []))];

/// The wallets a first-time reader should see.
export const INSTRUCTIVE = ["healthy", "looped", "near", "liquidatable", "isolated", "idle"];

const addressFor = ({ label }) => addressOf("margrave example", label);

/// Queues their transactions; resolves to [{ label, address }].
export async function enterScenario(chain, markets, tokens) {
    await chain.setBalances(WALLETS.map((wallet) => [addressFor(wallet), 32n * 10n ** 17n]));
    return WALLETS.map((wallet) => {
        const address = addressFor(wallet);
        give(chain, tokens, address, { ...wallet.supply, ...wallet.hold });
        const market = markets.find(({ name }) => name === wallet.market);
        if (market) enter(chain, market, wallet, address);
        return { label: wallet.label, address };
    });
}

function give(chain, tokens, address, amounts) {
    for (const [symbol, amount] of Object.entries(amounts)) {
        mintMany(chain, tokens[symbol], [address], [amount * 10n ** BigInt(tokens[symbol].decimals)]);
    }
}

function enter(chain, market, wallet, address) {
    const call = (functionName, ...args) =>
        chain.send({ from: address, to: market.pool, abi: POOL, functionName, args });
    const find = (symbol) => market.reserves.find((reserve) => reserve.symbol === symbol);
    if (wallet.emode) call("setUserEMode", wallet.emode);
    for (const [symbol, amount] of Object.entries(wallet.supply)) {
        call("supply", find(symbol).asset, amount * 10n ** BigInt(find(symbol).decimals), address, 0);
    }
    if (wallet.enable) call("setUserUseReserveAsCollateral", find(wallet.enable).asset, true);
    call("borrow", find(wallet.borrow).asset, wallet.wei ?? debtFor(market, wallet, find), VARIABLE, 0, address);
}

// The debt at which collateral × threshold / debt is the wanted health factor.
function debtFor(market, wallet, find) {
    const emode = market.emodes.find(({ id }) => id === wallet.emode);
    const limit = Object.entries(wallet.supply).reduce((sum, [symbol, amount]) => {
        const threshold = emode?.collateral.includes(symbol) ? emode.lt : find(symbol).lt;
        return sum + Number(amount * find(symbol).price) * (threshold / 1e4);
    }, 0);
    const debt = find(wallet.borrow);
    return (BigInt(Math.floor(limit / wallet.health)) * 10n ** BigInt(debt.decimals)) / debt.price;
}
