// A cascade that really happens: accounts are liquidated, what is seized is sold in the pools, and oracles follow, until
// nobody is eligible. Knows nothing of margrave but the playbook's rules.
import { decodeAll, errorName } from "./liquidations.mjs";
import { POOL_ABI, SWAPPER_ABI, integerRoot, readState } from "./uniswap.mjs";

const WAD = 10n ** 18n;
const GAS = 8_000_000n;
const LIMITS = { true: 4295128740n, false: 1461446703485210103287273052203988822378723970341n };

/// Accounts { wallet, lender } with their health as the contracts see it: collateral, debt, health.
export async function readHealths(accounts) {
    const lenders = [...new Set(accounts.map(({ lender }) => lender))];
    const rows = new Map();
    for (const lender of lenders) {
        const here = accounts.filter((account) => account.lender === lender);
        const healths = await lender.healths(here.map(({ wallet }) => wallet));
        here.forEach((account, i) => rows.set(account, { ...account, ...healths[i] }));
    }
    return accounts.map((account) => rows.get(account));
}

/// Carries the playbook out on the node, in blocks of one moment. `accounts` are { wallet, lender }; `venues` are
/// [{ asset, into, pool }]; `oracles` are [{ asset, protocol, market, pool, dollars }] or { asset, protocol, market,
/// follows, ratio }. Resolves to { shock, rounds, lent, accounts }.
export class RealCascade {
    constructor({ chain, uniswap, tokens, liquidator, lender }, { accounts, venues, oracles, sell }) {
        Object.assign(this, { chain, uniswap, tokens, liquidator, lender, accounts, venues, oracles, sell });
        this.lenders = [...new Set(accounts.map(({ lender }) => lender))];
    }

    async run(shockSales) {
        for (const lender of this.lenders) await lender.readAnswers();
        const shock = { sold: [] };
        for (const { asset, into, pool, amount, limit } of shockSales) {
            shock.sold.push(await this.#swap(pool, asset, into, amount, limit));
        }
        shock.prices = shockSales.length > 0 ? await this.#updateOracles() : [];
        const rounds = [];
        for (;;) {
            const round = await this.#round();
            if (!round) break;
            rounds.push(round);
            if (!round.liquidations.some(({ ok }) => ok)) break;
        }
        const lent = [];
        for (const lender of this.lenders) {
            const { protocol, name: market } = lender;
            for (const totals of await lender.totals(this.lender)) lent.push({ protocol, market, ...totals });
        }
        return { shock, rounds, lent, accounts: await readHealths(this.accounts) };
    }

    async #round() {
        const healths = await readHealths(this.accounts);
        const eligible = healths.filter(({ collateral, debt, health }) => collateral > 0n && debt > 0n && health < WAD);
        if (eligible.length === 0) return null;
        const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
        eligible.sort(
            (a, b) => compare(a.health, b.health) || compare(a.wallet.toLowerCase(), b.wallet.toLowerCase()),
        );
        const liquidations = [];
        const sold = [];
        const held = new Map();
        for (const { wallet, lender } of eligible) {
            const done = await lender.liquidate(wallet, this.liquidator);
            const { protocol, name: market } = lender;
            liquidations.push({ wallet: wallet.toLowerCase(), protocol, market, ...done });
            if (!done.ok || done.seized === 0n) continue;
            if (this.sell === "to-debt") {
                const venue = this.venues.find(({ asset, into }) => asset === done.collateral && into === done.debt);
                if (venue) sold.push(await this.#swap(venue.pool, venue.asset, venue.into, done.seized));
            } else {
                held.set(done.collateral, (held.get(done.collateral) ?? 0n) + done.seized);
            }
        }
        for (const { asset, into, pool } of this.venues) {
            if (this.sell !== "per-round" || !held.get(asset)) continue;
            sold.push(await this.#swap(pool, asset, into, held.get(asset)));
            held.delete(asset);
        }
        const prices = await this.#updateOracles();
        const pools = {};
        for (const pool of new Set(this.venues.map(({ pool }) => pool))) {
            pools[pool.address.toLowerCase()] = await readState(this.chain, pool);
        }
        return { liquidations, sold, prices, pools };
    }

    async #swap(pool, asset, into, amount, limit) {
        const zeroForOne = pool.token0.symbol === asset;
        const args = [pool.address, zeroForOne, amount, limit ?? LIMITS[zeroForOne]];
        const call = { to: this.uniswap.swapper, abi: SWAPPER_ABI, functionName: "swap", args, gas: GAS };
        const { success, logs, error } = await this.chain.sendNow(call);
        if (!success) throw new Error(`a swap failed: ${errorName(error)}`);
        const { amount0, amount1 } = decodeAll(POOL_ABI, logs).find(({ eventName }) => eventName === "Swap").args;
        const [paid, got] = zeroForOne ? [amount0, -amount1] : [amount1, -amount0];
        return { asset, into, amount: paid, received: got };
    }

    /// What a rule makes of its pool, or of the answer that it follows, in each lender that it is for; rounded down.
    async #updateOracles() {
        const moved = [];
        for (const { asset, protocol, market, pool, dollars, follows, ratio } of this.oracles) {
            for (const lender of this.lenders) {
                if (lender.protocol !== protocol || lender.name !== market) continue;
                const answer = pool
                    ? await this.#poolAnswer(pool, this.tokens[asset], (quote) =>
                          lender.scaleOf(this.tokens[asset], quote, dollars),
                      )
                    : (lender.answers.get(follows) * ratio[0]) / ratio[1];
                if (answer === lender.answers.get(asset)) continue;
                lender.setAnswer(asset, answer);
                moved.push({ protocol, market: lender.name, symbol: asset, answer });
            }
        }
        await this.chain.mine({ seconds: 0 });
        return moved;
    }

    async #poolAnswer(pool, token, scaleFor) {
        const { sqrt_price_x96 } = await readState(this.chain, pool);
        const squared = BigInt(sqrt_price_x96) ** 2n;
        const isFirst = pool.token0.symbol === token.symbol;
        const other = isFirst ? pool.token1 : pool.token0;
        const [up, down] = scaleFor(other);
        const whole = 10n ** BigInt(token.decimals) * up;
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

/// The playbook as a file has it; `rules` are further lines of [cascade], `more` further tables.
export function playbookToml({ lenders, wallets, own = [], sell, order, pair, venues, oracles, sales = {}, price = {}, rules = [], more = [] }) {
    const quoted = (value) => JSON.stringify(value);
    const inline = (map) =>
        `{ ${Object.entries(map)
            .map(([key, value]) => `${quoted(key)} = ${quoted(String(value))}`)
            .join(", ")} }`;
    const lines = [
        "[cascade]",
        'chain = "devnet"',
        'engine = "exact"',
        `markets = [ ${lenders
            .map(({ protocol, name }) => `{ protocol = ${quoted(protocol)}, market = ${quoted(name)} }`)
            .join(", ")} ]`,
        `wallets = [${wallets.map(quoted).join(", ")}]`,
        `own = [${own.map(quoted).join(", ")}]`,
        `order = ${quoted(order)}`,
        `pair = ${quoted(pair)}`,
        `sell = ${quoted(sell)}`,
        ...rules,
        "[cascade.shock]",
        `sell_raw = ${inline(sales)}`,
        `price = ${inline(price)}`,
    ];
    for (const { asset, into, pool } of venues) {
        lines.push("[[cascade.venue]]", `asset = ${quoted(asset)}`, `into = ${quoted(into)}`, `pool = ${quoted(pool.address)}`);
    }
    for (const { asset, protocol, market, pool, dollars, follows, ratio, anchor = "spot" } of oracles) {
        lines.push("[[cascade.oracle]]", `asset = ${quoted(asset)}`);
        lines.push(`protocol = ${quoted(protocol)}`, `market = ${quoted(market)}`);
        if (pool) {
            lines.push('follows = "pool"', `pool = ${quoted(pool.address)}`, "decimals = 8");
            lines.push(`quote_usd = ${quoted(dollars.join("/"))}`, `anchor = ${quoted(anchor)}`);
        } else {
            lines.push(`follows = ${quoted(follows)}`, `ratio = ${quoted(ratio.join("/"))}`);
        }
    }
    return [...lines, ...more].join("\n") + "\n";
}
