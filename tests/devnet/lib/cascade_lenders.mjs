// What a cascade's script needs of a lending protocol: who is how healthy, one liquidation as large as it may be, and
// the oracle. Both kinds answer alike: healths(wallets), liquidate(wallet, liquidator), scaleOf(token, quote, dollars),
// setAnswer(symbol, answer), readAnswers(), which fills `answers`, by symbol, and totals(wallet), what is left to
// who lends.
import { parseAbi } from "viem";
import { ERC20, ORACLE, POOL } from "./aave.mjs";
import { aaveOutcome, errorName, morphoOutcome } from "./liquidations.mjs";
import { MORPHO, setOracle } from "./morpho.mjs";
import { morphoSizes, readMorphoMarket } from "./morpho_truth.mjs";
import { readMany } from "./multicall3.mjs";
import { setFeed } from "./tokens.mjs";

const VIRTUAL = parseAbi(["function getVirtualUnderlyingBalance(address asset) view returns (uint128)"]);
const MAX = 2n ** 256n - 1n;
const GAS = 8_000_000n;

export class AaveLender {
    protocol = "aave_v3";
    answers = new Map();

    /// `tokens` are those whose answers matter; only the market's own are kept.
    constructor({ chain }, market, tokens) {
        const assets = tokens.filter((token) => market.reserves.some(({ symbol }) => symbol === token.symbol));
        Object.assign(this, { chain, market, assets, name: market.name });
    }

    async readAnswers() {
        const calls = this.assets.map(({ address }) => ({
            to: this.market.oracle,
            abi: ORACLE,
            functionName: "getAssetPrice",
            args: [address],
        }));
        (await readMany(this.chain, calls)).forEach((answer, i) => this.answers.set(this.assets[i].symbol, answer));
    }

    async healths(wallets) {
        const calls = wallets.map((wallet) => ({
            to: this.market.pool,
            abi: POOL,
            functionName: "getUserAccountData",
            args: [wallet],
        }));
        const answers = await readMany(this.chain, calls);
        return answers.map(([collateral, debt, , , , health]) => ({ collateral, debt, health }));
    }

    async liquidate(wallet, liquidator) {
        const [collateral, debt] = await this.#largestPair(wallet);
        const { success, logs, error } = await this.chain.sendNow({
            from: liquidator,
            to: this.market.pool,
            abi: POOL,
            functionName: "liquidationCall",
            args: [collateral.asset, debt.asset, wallet, MAX, false],
            gas: GAS,
        });
        const pair = { collateral: collateral.symbol, debt: debt.symbol };
        if (!success) return { ...pair, ok: false, error: errorName(error) };
        return { ...pair, ok: true, ...aaveOutcome(this.market, logs, { user: wallet, collateral }) };
    }

    /// The largest of each side by base value, the first reserve of several.
    async #largestPair(wallet) {
        const rows = this.market.reserves.filter(({ symbol }) => this.answers.has(symbol));
        const balances = await readMany(
            this.chain,
            rows.flatMap(({ aToken, variableDebtToken }) =>
                [aToken, variableDebtToken].map((to) => ({ to, abi: ERC20, functionName: "balanceOf", args: [wallet] })),
            ),
        );
        const best = (side) =>
            rows
                .map((row, i) => ({
                    row,
                    value: (balances[2 * i + side] * this.answers.get(row.symbol)) / 10n ** BigInt(row.decimals),
                }))
                .reduce((a, b) => (b.value > a.value ? b : a)).row;
        return [best(0), best(1)];
    }

    /// What may be withdrawn of each asset: the pool's own count where it keeps one, else what it holds.
    async totals() {
        const rows = this.market.reserves.filter(({ symbol }) => this.assets.some((asset) => asset.symbol === symbol));
        const held = await readMany(
            this.chain,
            rows.flatMap(({ asset, aToken }) => [
                { to: this.market.pool, abi: VIRTUAL, functionName: "getVirtualUnderlyingBalance", args: [asset] },
                { to: asset, abi: ERC20, functionName: "balanceOf", args: [aToken] },
            ]),
        );
        return rows.map(({ symbol }, i) => ({ symbol, liquid: held[2 * i] ?? held[2 * i + 1] }));
    }

    /// What a pool's price of a whole token is multiplied with to be the answer.
    scaleOf(token, quote, [up, down]) {
        return [up * 10n ** 8n, down];
    }

    setAnswer(symbol, answer) {
        this.answers.set(symbol, answer);
        setFeed(this.chain, this.assets.find((asset) => asset.symbol === symbol).feed, answer);
    }
}

/// One market of Morpho Blue; its oracle's answer is that of the collateral.
export class MorphoLender {
    protocol = "morpho_blue";
    answers = new Map();

    constructor({ chain, blue }, market) {
        Object.assign(this, { chain, blue, market, name: market.id });
    }

    async readAnswers() {
        const price = await this.chain.read({ to: this.market.oracle, abi: MORPHO, functionName: "price" });
        this.answers.set(this.market.collateral.symbol, price);
    }

    async healths(wallets) {
        const rows = await readMorphoMarket(this.chain, this.blue, this.market, wallets, "latest");
        return rows.map(({ collateral, debt, healthFactor }) => ({ collateral, debt, health: healthFactor }));
    }

    async liquidate(wallet, liquidator) {
        const { chain, blue, market } = this;
        const [account] = await readMorphoMarket(chain, blue, market, [wallet], "latest");
        const { seize = 0n, repayShares = 0n } = morphoSizes({ market, account, size: ["--repay", "max"] });
        const { success, logs, error } = await chain.sendNow({
            from: liquidator,
            to: blue.morpho,
            abi: MORPHO,
            functionName: "liquidate",
            args: [market.params, wallet, seize, repayShares, "0x"],
            gas: GAS,
        });
        const pair = { collateral: market.collateral.symbol, debt: market.loan.symbol };
        if (!success) return { ...pair, ok: false, error: errorName(error) };
        return { ...pair, ok: true, ...morphoOutcome(market, logs) };
    }

    /// All that is lent and owed, and what one wallet lends.
    async totals(wallet) {
        const [row] = await readMorphoMarket(this.chain, this.blue, this.market, [wallet], "latest");
        const [supplied, , borrowed] = row.totals;
        return [{ symbol: this.market.loan.symbol, supplied, borrowed, liquid: supplied - borrowed, own: row.supplied }];
    }

    /// Base units of the loan token for one of collateral, 1e36 each.
    scaleOf(token, quote) {
        return [10n ** 36n * 10n ** BigInt(quote.decimals), 10n ** BigInt(token.decimals)];
    }

    setAnswer(symbol, answer) {
        this.answers.set(symbol, answer);
        setOracle(this.chain, this.market, answer);
    }
}
