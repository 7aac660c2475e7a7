// A few large accounts per market: they lend, borrow so much that rates are high, and liquidate.
import { maxUint256 } from "viem";
import { POOL } from "./aave.mjs";
import { readMany } from "./multicall3.mjs";
import { addressOf } from "./random.mjs";
import { mintMany, worth } from "./tokens.mjs";

// Dollars per reserve, the share of them that is borrowed, and dollars of collateral behind that.
const LENT = 3e6;
const BORROWED = 0.85;
const COLLATERAL = 1.5e8;
const VARIABLE = 2n;

export function makeWhales(market) {
    const name = (role) => addressOf("margrave devnet", market.name, role);
    return { lender: name("lender"), borrower: name("borrower"), silo: name("silo"), liquidator: name("liquidator") };
}

/// Queues the whales' positions: 85 % of what they lend is borrowed before anyone else comes.
export function enterWhales(chain, market, whales, random) {
    const call = (from, functionName, ...args) => chain.send({ from, to: market.pool, abi: POOL, functionName, args });
    const collateral = market.reserves.find(({ symbol }) => symbol === "MKR");
    for (const borrower of [whales.borrower, whales.silo]) {
        const amount = worth(collateral, COLLATERAL, random);
        mintMany(chain, collateral, [borrower], [amount]);
        call(borrower, "supply", collateral.asset, amount, borrower, 0);
    }
    for (const reserve of market.reserves) {
        const amount = worth(reserve, LENT, random);
        // Paying off other people's debts needs some of everything.
        mintMany(chain, reserve, [whales.lender, whales.liquidator], [amount, 10n * amount]);
        if (!reserve.isolated) call(whales.lender, "supply", reserve.asset, amount, whales.lender, 0);
        if (!reserve.borrow) continue;
        const borrower = reserve.siloed ? whales.silo : whales.borrower;
        call(borrower, "borrow", reserve.asset, random.share(amount, BORROWED), VARIABLE, 0, borrower);
    }
}

/// Queues more to borrow of some assets, for those who must not fail for want of it.
export function lendMore(chain, market, whales, symbols, random) {
    for (const reserve of market.reserves.filter(({ symbol }) => symbols.includes(symbol))) {
        const amount = worth(reserve, LENT, random);
        mintMany(chain, reserve, [whales.lender], [amount]);
        const args = [reserve.asset, amount, whales.lender, 0];
        chain.send({ from: whales.lender, to: market.pool, abi: POOL, functionName: "supply", args });
    }
}

/// Queues liquidations of some of those that can be, each for a random part of the debt.
export async function queueLiquidations(chain, market, whales, users, random, share = 0.4) {
    const accounts = await readMany(
        chain,
        users.map(({ address }) => ({
            to: market.pool,
            abi: POOL,
            functionName: "getUserAccountData",
            args: [address],
        })),
    );
    users.forEach((user, i) => {
        const health = accounts[i][5];
        if (health >= 10n ** 18n || !user.supplied.size || !user.borrowed.size || !random.chance(share)) return;
        const collateral = random.pick([...user.supplied]),
            debt = random.pick([...user.borrowed.keys()]);
        const amount = random.chance(0.5) ? maxUint256 : worth(debt, random.logBetween(10, 1e5), random);
        const args = [collateral.asset, debt.asset, user.address, amount, random.chance(0.3)];
        chain.send({ from: whales.liquidator, to: market.pool, abi: POOL, functionName: "liquidationCall", args });
    });
}

/// Queues the payout of accrued fees, as aTokens of the treasury.
export function payTreasury(chain, market) {
    const args = [market.reserves.map(({ asset }) => asset)];
    chain.send({ to: market.pool, abi: POOL, functionName: "mintToTreasury", args, gas: 20_000_000n });
}
