// What differs between a forecast of margrave and the cascade that really happened.

/// A line for each difference: rounds and their order, amounts, write-offs, sales, pools, answers, the accounts'
/// health at the end, and what is left to who lends.
export function differences(json, real) {
    const found = [];
    const same = (what, ours, theirs) => {
        if (String(ours) !== String(theirs)) found.push(`${what}: ${ours}, really ${theirs}`);
    };
    const sales = (where, ours, theirs) => {
        same(`${where} sales`, ours.length, theirs.length);
        theirs.forEach(({ amount, received }, i) => {
            same(`${where} sale ${i} amount`, ours[i]?.amount_raw, amount);
            same(`${where} sale ${i} received`, ours[i]?.received_raw, received);
        });
    };
    const prices = (where, ours, theirs) => {
        same(`${where} answers`, ours.length, theirs.length);
        for (const { protocol, market, symbol, answer } of theirs) {
            const one = ours.find((row) => row.protocol === protocol && row.market === market && row.symbol === symbol);
            same(`${where} ${protocol} ${market} ${symbol}`, one?.answer_raw, answer);
        }
    };
    const liquidation = (where, ours, theirs) => {
        same(`${where} wallet`, ours.wallet?.toLowerCase(), theirs.wallet);
        for (const key of ["protocol", "market", "collateral", "debt", "ok"]) same(`${where} ${key}`, ours[key], theirs[key]);
        if (!theirs.ok) return;
        for (const key of ["repaid", "seized", "fee"]) same(`${where} ${key}`, ours[`${key}_raw`], theirs[key]);
        same(`${where} write-offs`, sorted(ours.deficits_raw), sorted(theirs.deficits));
    };
    sales("shock", json.shock.sold, real.shock.sold);
    prices("shock", json.shock.prices, real.shock.prices);
    same("rounds", json.rounds.length, real.rounds.length);
    real.rounds.forEach((round, r) => {
        const ours = json.rounds[r] ?? { liquidations: [], sold: [], prices: [], pools: {} };
        const where = `round ${r}`;
        same(`${where} liquidations`, ours.liquidations.length, round.liquidations.length);
        round.liquidations.forEach((done, i) => liquidation(`${where} liquidation ${i}`, ours.liquidations[i] ?? {}, done));
        sales(where, ours.sold, round.sold);
        prices(where, ours.prices, round.prices);
        const pools = Object.fromEntries(Object.entries(ours.pools).map(([address, pool]) => [address.toLowerCase(), pool]));
        for (const [address, pool] of Object.entries(round.pools)) {
            for (const key of Object.keys(pool)) same(`${where} pool ${key}`, pools[address]?.[key], pool[key]);
        }
    });
    for (const { wallet, lender, collateral, debt, health } of real.accounts) {
        const one = json.final.accounts.find(
            (account) => account.wallet.toLowerCase() === wallet.toLowerCase() && account.market === lender.name,
        );
        same(`${wallet} collateral`, one?.collateral_raw ?? 0n, collateral);
        same(`${wallet} debt`, one?.debt_raw ?? 0n, debt);
        if (debt > 0n) same(`${wallet} health`, one?.health_factor_raw, health);
    }
    for (const { protocol, market, symbol, ...totals } of real.lent ?? []) {
        const one = json.lent.find((row) => row.protocol === protocol && row.market === market && row.symbol === symbol);
        if (!one) continue; // nothing of it moved
        for (const key of ["supplied", "borrowed", "liquid"]) {
            if (key in totals) same(`${market} ${symbol} ${key}`, one.after[`${key}_raw`], totals[key]);
        }
        if ("own" in totals) same(`${market} ${symbol} lent by us`, one.own_raw, totals.own);
    }
    return found;
}

const sorted = (byName = {}) =>
    Object.entries(byName)
        .map(([name, amount]) => `${name} ${amount}`)
        .sort()
        .join(", ");

/// Copies of what happened with one thing a single unit off, or out of order, each with its name.
export function falsehoods(real) {
    const out = [];
    const lie = (name, change) => {
        const copy = {
            ...structuredClone({ shock: real.shock, rounds: real.rounds }),
            lent: real.lent.map((row) => ({ ...row })),
            accounts: real.accounts.map((account) => ({ ...account })),
        };
        if (change(copy) !== false) out.push({ name, real: copy });
    };
    const round = (copy) => copy.rounds.find(({ liquidations }) => liquidations.some(({ ok }) => ok));
    const done = (copy) => round(copy).liquidations.find(({ ok }) => ok);
    for (const key of ["repaid", "seized", "fee"]) lie(key, (copy) => void (done(copy)[key] += 1n));
    lie("a write-off", (copy) => {
        const { deficits, debt } = done(copy);
        deficits[debt] = (deficits[debt] ?? 0n) + 1n;
    });
    for (const key of ["amount", "received"]) {
        lie(`the shock's ${key}`, ({ shock }) => void (shock.sold[0][key] += 1n));
        lie(`a sale's ${key}`, ({ rounds }) => {
            const sale = rounds.flatMap(({ sold }) => sold)[0];
            if (!sale) return false;
            sale[key] += 1n;
        });
    }
    lie("an answer after the shock", ({ shock }) => void (shock.prices[0].answer -= 1n));
    lie("an answer", ({ rounds }) => {
        const price = rounds.flatMap(({ prices }) => prices).at(-1);
        if (!price) return false;
        price.answer += 1n;
    });
    for (const key of ["sqrt_price_x96", "tick", "liquidity"]) {
        lie(`a pool's ${key}`, ({ rounds }) => {
            const pool = Object.values(rounds.at(-1).pools)[0];
            pool[key] = String(BigInt(pool[key]) + 1n);
        });
    }
    for (const key of ["collateral", "debt"]) lie(`an account's ${key}`, ({ accounts }) => void (accounts[0][key] += 1n));
    lie("a health", ({ accounts }) => {
        const owing = accounts.find(({ debt }) => debt > 0n);
        if (!owing) return false;
        owing.health -= 1n;
    });
    lie("what may be withdrawn", ({ lent }) => void (lent.find(({ symbol }) => symbol === "USDC").liquid += 1n));
    lie("the order", (copy) => {
        const { liquidations } = copy.rounds.find((one) => one.liquidations.length > 1) ?? {};
        if (!liquidations) return false;
        liquidations.reverse();
    });
    lie("one round less", ({ rounds }) => void rounds.pop());
    lie("one liquidation less", (copy) => void round(copy).liquidations.pop());
    return out;
}
