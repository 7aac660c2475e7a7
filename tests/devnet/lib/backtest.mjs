// A history that a backtest can be held against: prices fall, liquidators come at once, late or never, and the script
// writes down, from the contracts' own views and events, all that the backtest must find.
import { readHealths } from "./cascade.mjs";
import { fairPrice, setOracle } from "./morpho.mjs";
import { setFeed } from "./tokens.mjs";

const WAD = 10n ** 18n;
const BASE = 10n ** 8n;
const RATIO = [117n, 100n];

export const keyOf = ({ wallet, lender }) => `${lender.protocol}/${lender.name}/${wallet.toLowerCase()}`;
const isBelow = ({ collateral, debt, health }) => collateral > 0n && debt > 0n && health < WAD;

export class History {
    /// What really was taken, by account: { number, timestamp, step, calls, value }, of the first call but for the sums.
    done = new Map();
    /// The blocks in which time passes; each call has one of its own behind these, at the same time.
    steps = [];

    /// `accounts` are [{ wallet, lender }].
    constructor(world, accounts) {
        Object.assign(this, { world, chain: world.chain, accounts: [...accounts] });
    }

    /// Resolves to the newest block, the one before everything.
    async begin() {
        for (const lender of this.#lenders()) await lender.readAnswers();
        return (this.from = await this.#block());
    }

    #lenders() {
        return [...new Set(this.accounts.map(({ lender }) => lender))];
    }

    async #block() {
        const { number, timestamp } = await this.chain.rpc("eth_getBlockByNumber", ["latest", false]);
        return { number: Number(number), timestamp: Number(timestamp) };
    }

    /// Every oracle to so many dollars for an ether, in a block of its own.
    async moveTo(dollars) {
        const { tokens, lenders } = this.world;
        const price = dollars * BASE;
        setFeed(this.chain, tokens.WETH.feed, price);
        for (const token of [tokens.wstETH, tokens.weETH]) setFeed(this.chain, token.feed, (price * RATIO[0]) / RATIO[1]);
        for (const { market } of [lenders.usdc, lenders.dai]) {
            setOracle(this.chain, market, fairPrice({ ...market.loan, price: BASE }, { ...market.collateral, price }));
        }
        await this.pass(1);
        for (const lender of this.#lenders()) await lender.readAnswers();
    }

    async pass(blocks, seconds = 12) {
        for (let i = 0; i < blocks; i++) {
            await this.chain.mine({ seconds });
            await this.mark();
        }
    }

    /// Counts the newest block among those in which time passed, whoever mined it.
    async mark() {
        this.steps.push(await this.#block());
    }

    /// Whoever the contracts now say is below health 1, the worst first.
    async eligible() {
        const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
        return (await readHealths(this.accounts))
            .filter(isBelow)
            .sort((a, b) => compare(a.health, b.health) || compare(a.wallet.toLowerCase(), b.wallet.toLowerCase()));
    }

    /// Everybody who is below health 1, each once a round, until nobody is or every call is refused.
    async liquidateAll() {
        for (;;) {
            let isDone = false;
            for (const account of await this.eligible()) isDone = (await this.#call(account)) || isDone;
            if (!isDone) return;
        }
    }

    /// One account until it is healthy, or the contract refuses.
    async liquidate(account) {
        while (isBelow((await readHealths([account]))[0])) if (!(await this.#call(account))) return;
    }

    async #call(account) {
        const call = await account.lender.liquidate(account.wallet, this.world.liquidator);
        if (!call.ok) return false;
        const first = { ...(await this.#block()), step: this.steps.length - 1, calls: 0, value: 0n };
        const { calls, value, ...old } = this.done.get(keyOf(account)) ?? first;
        this.done.set(keyOf(account), { ...old, calls: calls + 1, value: value + valueOf(account.lender, call) });
        return true;
    }

    /// What a backtest from the beginning to now must say. `ideal` is what liquidators take who come at once, by
    /// account; a history in which they do is its own.
    expected(ideal = this.done) {
        const due = new Map([...ideal].map(([key, { step }]) => [key, this.steps[step]]));
        const both = [...due.keys()].filter((key) => this.done.has(key));
        return {
            due,
            ideal,
            done: this.done,
            both,
            missed: [...this.done.keys()].filter((key) => !due.has(key)),
            false: [...due.keys()].filter((key) => !this.done.has(key)),
            leads: both.map((key) => this.done.get(key).number - due.get(key).number),
            seconds: both.map((key) => this.done.get(key).timestamp - due.get(key).timestamp),
        };
    }
}

/// What was seized at the oracle's answer, 1e18 a whole dollar or loan token, each call rounded down.
function valueOf(lender, { collateral, seized }) {
    const answer = lender.answers.get(collateral);
    if (lender.protocol === "morpho_blue") {
        const { decimals } = lender.market.loan;
        return (seized * answer * WAD) / (10n ** 36n * 10n ** BigInt(decimals));
    }
    const { decimals } = lender.assets.find(({ symbol }) => symbol === collateral);
    return (seized * answer * WAD) / (BASE * 10n ** BigInt(decimals));
}

/// A row of the backtest by the name that the script has for it.
export const rowKey = ({ protocol, market, wallet }) => `${protocol}/${market}/${wallet.toLowerCase()}`;

/// "12.5" as 1e18 a whole one.
export function parseWad(text) {
    const [whole, part = ""] = text.replace("-", "").split(".");
    return (BigInt(whole) * WAD + BigInt(part.padEnd(18, "0"))) * (text.startsWith("-") ? -1n : 1n);
}
