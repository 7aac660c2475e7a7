// A cascade that really happens: accounts are liquidated, what is seized is sold in the pools, and feeds follow, until
// nobody is eligible. Knows nothing of margrave but the playbook's rules.
import { decodeEventLog, parseAbi } from "viem";
import { ERC20, POOL } from "./aave.mjs";
import { readMany } from "./multicall3.mjs";
import { setFeed } from "./tokens.mjs";
import { errorName } from "./liquidations.mjs";
import { POOL_ABI, SWAPPER_ABI, integerRoot, readState } from "./uniswap.mjs";

const LIQUIDATION = parseAbi([
    "event LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)",
]);
const WAD = 10n ** 18n;
const MAX = 2n ** 256n - 1n;
const GAS = 8_000_000n;
const LIMITS = { true: 4295128740n, false: 1461446703485210103287273052203988822378723970341n };

/// Health as the contracts see it: { wallet, market, collateral, debt, health }.
export async function readHealths(chain, accounts) {
    const calls = accounts.map(({ wallet, market }) => ({
        to: market.pool,
        abi: POOL,
        functionName: "getUserAccountData",
        args: [wallet],
    }));
    const answers = await readMany(chain, calls);
    return answers.map(([collateral, debt, , , , health], i) => ({ ...accounts[i], collateral, debt, health }));
}

/// Carries the playbook out on the node, in blocks of one moment. `accounts` are { wallet, market }; `assets` may stand
/// on either side; `venues` are [{ asset, into, pool }]; `oracles` are [{ asset, pool, dollars, scale }] or { asset,
/// follows, ratio }. Resolves to { shock, rounds, accounts }.
export class RealCascade {
    constructor(devnet, { uniswap, liquidator, accounts, assets, venues, oracles, sell, order }) {
        Object.assign(this, { devnet, uniswap, liquidator, accounts, assets, venues, oracles, sell, order });
        this.chain = devnet.chain;
        this.answers = new Map(assets.map((asset) => [asset.symbol, asset.price]));
    }

    async run(shockSales) {
        const shock = { sold: [] };
        for (const { asset, into, pool, amount, limit } of shockSales) {
            shock.sold.push(await this.swap(pool, asset, into, amount, limit));
        }
        shock.prices = shockSales.length > 0 ? await this.updateOracles() : {};
        const rounds = [];
        for (;;) {
            const round = await this.round();
            if (!round) break;
            rounds.push(round);
            if (!round.liquidations.some(({ ok }) => ok)) break;
        }
        return { shock, rounds, accounts: await readHealths(this.chain, this.accounts) };
    }

    async round() {
        const healths = await readHealths(this.chain, this.accounts);
        const eligible = healths.filter(({ collateral, debt, health }) => collateral > 0n && debt > 0n && health < WAD);
        if (eligible.length === 0) return null;
        const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
        eligible.sort(
            (a, b) =>
                compare(a.health, b.health) ||
                compare(a.wallet.toLowerCase(), b.wallet.toLowerCase()) ||
                compare(this.accounts.indexOf(a), this.accounts.indexOf(b)),
        );
        const liquidations = [];
        const sold = [];
        const held = new Map();
        for (const account of eligible) {
            const done = await this.liquidate(account);
            liquidations.push(done);
            if (!done.ok || done.seized === 0n) continue;
            if (this.sell === "to-debt") {
                const venue = this.venues.find(({ asset, into }) => asset === done.collateral && into === done.debt);
                if (venue) sold.push(await this.swap(venue.pool, venue.asset, venue.into, done.seized));
            } else {
                held.set(done.collateral, (held.get(done.collateral) ?? 0n) + done.seized);
            }
        }
        for (const { asset, into, pool } of this.venues) {
            if (this.sell !== "per-round" || !held.get(asset)) continue;
            sold.push(await this.swap(pool, asset, into, held.get(asset)));
            held.delete(asset);
        }
        const prices = await this.updateOracles();
        const pools = {};
        for (const pool of new Set(this.venues.map(({ pool }) => pool))) {
            pools[pool.address.toLowerCase()] = await readState(this.chain, pool);
        }
        return { liquidations, sold, prices, pools };
    }

    /// The largest of each side by base value, the first reserve of several.
    async largestPair({ wallet, market }) {
        const rows = market.reserves.filter(({ symbol }) => this.assets.some((asset) => asset.symbol === symbol));
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

    async liquidate(account) {
        const [collateral, debt] = await this.largestPair(account);
        const { success, logs, error } = await this.chain.sendNow({
            from: this.liquidator,
            to: account.market.pool,
            abi: POOL,
            functionName: "liquidationCall",
            args: [collateral.asset, debt.asset, account.wallet, MAX, false],
            gas: GAS,
        });
        const facts = {
            wallet: account.wallet.toLowerCase(),
            market: account.market.name,
            collateral: collateral.symbol,
            debt: debt.symbol,
        };
        if (!success) return { ...facts, ok: false, error: errorName(error) };
        const event = decode(LIQUIDATION, logs).at(-1).args;
        return { ...facts, ok: true, repaid: event.debtToCover, seized: event.liquidatedCollateralAmount };
    }

    async swap(pool, asset, into, amount, limit) {
        const zeroForOne = pool.token0.symbol === asset;
        const args = [pool.address, zeroForOne, amount, limit ?? LIMITS[zeroForOne]];
        const call = { to: this.uniswap.swapper, abi: SWAPPER_ABI, functionName: "swap", args, gas: GAS };
        const { success, logs, error } = await this.chain.sendNow(call);
        if (!success) throw new Error(`a swap failed: ${errorName(error)}`);
        const { amount0, amount1 } = decode(POOL_ABI, logs).find(({ eventName }) => eventName === "Swap").args;
        const [paid, got] = zeroForOne ? [amount0, -amount1] : [amount1, -amount0];
        return { asset, into, amount: paid, received: got };
    }

    /// floor(pool price × dollars × 10^8), and what follows another answer.
    async updateOracles() {
        const moved = {};
        for (const { asset, pool, dollars, follows, ratio } of this.oracles) {
            const token = this.assets.find(({ symbol }) => symbol === asset);
            const answer = pool
                ? await this.poolAnswer(pool, token, dollars)
                : (this.answers.get(follows) * ratio[0]) / ratio[1];
            if (answer === this.answers.get(asset)) continue;
            this.answers.set(asset, answer);
            moved[asset] = answer;
            setFeed(this.chain, token.feed, answer);
        }
        await this.chain.mine({ seconds: 0 });
        return moved;
    }

    async poolAnswer(pool, token, [up, down]) {
        const { sqrt_price_x96 } = await readState(this.chain, pool);
        const squared = BigInt(sqrt_price_x96) ** 2n;
        const isFirst = pool.token0.symbol === token.symbol;
        const other = isFirst ? pool.token1 : pool.token0;
        const whole = 10n ** BigInt(token.decimals) * 10n ** 8n * up;
        const scale = 10n ** BigInt(other.decimals) * down;
        return isFirst ? (squared * whole) / ((1n << 192n) * scale) : ((1n << 192n) * whole) / (squared * scale);
    }
}

/// The pool's own limit for a price of the asset that is so many basis points lower: the lowest that is not below it.
export async function limitAfterFall(chain, pool, symbol, bps) {
    const squared = BigInt((await readState(chain, pool)).sqrt_price_x96) ** 2n;
    const left = 10_000n - bps;
    if (pool.token0.symbol !== symbol) return integerRoot((squared * 10_000n) / left);
    const root = integerRoot((squared * left) / 10_000n);
    return root * root * 10_000n < squared * left ? root + 1n : root;
}

function decode(abi, logs) {
    return logs.flatMap(({ topics, data }) => {
        try {
            return [decodeEventLog({ abi, topics, data })];
        } catch {
            return [];
        }
    });
}

/// The playbook as a file has it.
export function playbookToml({ markets, wallets, own = [], sell, order, pair, venues, oracles, sales = {}, price = {} }) {
    const quoted = (value) => JSON.stringify(value);
    const inline = (map) =>
        `{ ${Object.entries(map)
            .map(([key, value]) => `${quoted(key)} = ${quoted(String(value))}`)
            .join(", ")} }`;
    const lines = [
        "[cascade]",
        'chain = "devnet"',
        'engine = "exact"',
        `markets = [ ${markets.map((name) => `{ protocol = "aave_v3", market = ${quoted(name)} }`).join(", ")} ]`,
        `wallets = [${wallets.map(quoted).join(", ")}]`,
        `own = [${own.map(quoted).join(", ")}]`,
        `order = ${quoted(order)}`,
        `pair = ${quoted(pair)}`,
        `sell = ${quoted(sell)}`,
        "[cascade.shock]",
        `sell_raw = ${inline(sales)}`,
        `price = ${inline(price)}`,
    ];
    for (const { asset, into, pool } of venues) {
        lines.push("[[cascade.venue]]", `asset = ${quoted(asset)}`, `into = ${quoted(into)}`, `pool = ${quoted(pool.address)}`);
    }
    for (const { asset, pool, dollars, follows, ratio, anchor = "spot" } of oracles) {
        lines.push("[[cascade.oracle]]", `asset = ${quoted(asset)}`);
        if (pool) {
            lines.push('follows = "pool"', `pool = ${quoted(pool.address)}`, "decimals = 8");
            lines.push(`quote_usd = ${quoted(dollars.join("/"))}`, `anchor = ${quoted(anchor)}`);
        } else {
            lines.push(`follows = ${quoted(follows)}`, `ratio = ${quoted(ratio.join("/"))}`);
        }
    }
    return lines.join("\n") + "\n";
}
