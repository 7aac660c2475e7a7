// What the contracts themselves say about wallets at one block.
import { encodeFunctionData, multicall3Abi } from "viem";
import { ERC20, ORACLE, POOL } from "./aave.mjs";
import { MULTICALL3, readRaw } from "./multicall3.mjs";

/// Resolves to { accounts: [...], holdings: [...] }.
/// An account: { market, wallet, emode, collateral, debt, liquidationThreshold, maxLtv, healthFactor, balances }, where
/// balances are [{ symbol, asset, decimals, price, ownPrice, usable, supplied, variable, stable }], those of zero left
/// out; `price` is the one that counts, in an e-mode perhaps not the asset's own.
/// A holding: { wallet, symbol, asset (null for the native coin), amount }, those of zero left out.
export async function readTruth({ chain, tokens, markets }, wallets, block) {
    const accounts = [];
    for (const market of markets) accounts.push(...(await readMarket(chain, market, wallets, block)));
    return { accounts, holdings: await readHoldings(chain, tokens, wallets, block) };
}

/// One market's accounts.
export async function readMarket(chain, market, wallets, block) {
    const prices = await readPrices(chain, market, block);
    const calls = wallets.flatMap((wallet) => {
        const ofPool = (functionName) => ({
            to: market.pool,
            data: encodeFunctionData({ abi: POOL, functionName, args: [wallet] }),
        });
        const balanceOf = balanceCall(wallet);
        return [
            ofPool("getUserAccountData"),
            ofPool("getUserConfiguration"),
            ofPool("getUserEMode"),
            ...market.reserves.flatMap(tokensOf).map((to) => ({ to, data: balanceOf })),
        ];
    });
    const answers = (await readRaw(chain, calls, block)).map(words);
    const perWallet = calls.length / wallets.length;
    return wallets.map((wallet, i) =>
        toAccount(market, prices, wallet, answers.slice(i * perWallet, (i + 1) * perWallet)),
    );
}

const tokensOf = ({ aToken, variableDebtToken, stableDebtToken }) => [
    aToken,
    variableDebtToken,
    ...(stableDebtToken ? [stableDebtToken] : []),
];

const balanceCall = (wallet) => encodeFunctionData({ abi: ERC20, functionName: "balanceOf", args: [wallet] });

/// Return data as 256-bit integers; null where the call reverted.
function words(data) {
    return (
        data &&
        data
            .slice(2)
            .match(/.{64}/g)
            .map((word) => BigInt(`0x${word}`))
    );
}

// Every asset's own price, and the price sources of e-modes under the feed's address.
async function readPrices(chain, market, block) {
    const assets = [...market.reserves.map(({ asset }) => asset), ...market.emodes.flatMap(({ feed }) => feed ?? [])];
    const calls = assets.map((asset) => ({
        to: market.oracle,
        data: encodeFunctionData({ abi: ORACLE, functionName: "getAssetPrice", args: [asset] }),
    }));
    const answers = await readRaw(chain, calls, block);
    return new Map(assets.map((asset, i) => [asset, words(answers[i])[0]]));
}

function toAccount(market, prices, wallet, [data, [flags], [emodeId], ...amounts]) {
    const emode = market.emodes.find(({ id }) => BigInt(id) === emodeId);
    const balances = market.reserves.map((reserve) => {
        const [supplied, variable, stable = 0n] = amounts.splice(0, tokensOf(reserve).length).map(([amount]) => amount);
        const { symbol, asset, decimals } = reserve;
        const price = prices.get(emode?.feed && emode.collateral.includes(symbol) ? emode.feed : asset);
        return {
            symbol,
            asset,
            decimals,
            price,
            ownPrice: prices.get(asset),
            usable: countsAsCollateral(market, reserve, flags),
            supplied,
            variable,
            stable,
        };
    });
    const [collateral, debt, , liquidationThreshold, maxLtv, healthFactor] = data;
    return {
        market: market.name,
        wallet,
        emode: emodeId,
        collateral,
        debt,
        liquidationThreshold,
        maxLtv,
        healthFactor,
        balances: balances.filter(({ supplied, variable, stable }) => supplied || variable || stable),
    };
}

// The user's flag (bit 2·id + 1) decides; before 3.6 an asset without a threshold does not count in spite of it.
function countsAsCollateral(market, { id, lt }, flags) {
    const flag = (flags >> BigInt(2 * id + 1)) & 1n;
    return flag === 1n && (market.generation === "3.6" || lt !== 0);
}

/// What wallets hold outside of any protocol: [{ wallet, symbol, asset (null for the native coin), amount }].
export async function readHoldings(chain, tokens, wallets, block) {
    const assets = [{ symbol: "ETH", address: null }, ...Object.values(tokens)];
    const calls = wallets.flatMap((wallet) => {
        const ether = {
            to: MULTICALL3,
            data: encodeFunctionData({ abi: multicall3Abi, functionName: "getEthBalance", args: [wallet] }),
        };
        const balanceOf = balanceCall(wallet);
        return assets.map(({ address }) => (address ? { to: address, data: balanceOf } : ether));
    });
    const answers = await readRaw(chain, calls, block);
    return answers
        .map((data, i) => {
            const { symbol, address } = assets[i % assets.length];
            return { wallet: wallets[Math.floor(i / assets.length)], symbol, asset: address, amount: BigInt(data) };
        })
        .filter(({ amount }) => amount > 0n);
}
