// A devnet on which cascades can happen: Aave of both generations and two markets of Morpho Blue that lend against WETH,
// pools with liquidity in several ranges, and accounts near their limits.
import { AaveLender, MorphoLender } from "./cascade_lenders.mjs";
import { POOL } from "./aave.mjs";
import { startDevnet } from "./devnet.mjs";
import { fundLiquidator } from "./liquidations.mjs";
import { MORPHO, fairPrice, setOracle } from "./morpho.mjs";
import { Random, addressOf } from "./random.mjs";
import { mintMany, setFeed } from "./tokens.mjs";
import {
    TICK_MAX,
    addPosition,
    deployUniswap,
    makePool,
    poolsToml,
    readState,
    sqrtPriceOf,
    supplyTokens,
} from "./uniswap.mjs";

const VARIABLE = 2n;
const BASE = 10n ** 8n;
const ETHER = 10n ** 18n;
const WAD = 10n ** 18n;
// What WETH is worth in dollars and in its pools.
const PRICE = 2253n;
const RATIO = [117n, 100n];
const DOLLARS = ["USDC", "DAI"];

/// Resolves to { devnet, chain, tokens, uniswap, pools, liquidator, lender, lenders: { v30, v36, usdc, dai }, toml }: `pools` are
/// of WETH, by what it is sold for; `usdc` and `dai` are Morpho's markets, `lender` is who lends in all of them.
export async function startCascadeWorld(seed) {
    const devnet = await startDevnet({ seed: `${seed} cascade`, wallets: 20, observations: 1, morpho: true, statesOnDisk: 10 });
    const { chain, tokens, markets, blue } = devnet;
    const uniswap = deployUniswap(chain);
    await chain.mine();
    supplyTokens(chain, uniswap, [tokens.WETH, tokens.USDC, tokens.DAI]);
    const liquidator = addressOf("margrave cascade", "liquidator");
    await fundLiquidator(chain, Object.values(tokens), liquidator);
    const pools = {
        USDC: await fillPool(chain, uniswap, tokens.WETH, tokens.USDC, 500),
        DAI: await fillPool(chain, uniswap, tokens.WETH, tokens.DAI, 3000),
    };
    const assets = ["WETH", "wstETH", "weETH", "WBTC", "USDC", "DAI"].map((symbol) => tokens[symbol]);
    const morphoFor = (loan) => blue.markets.find(({ label }) => label === `WETH for ${loan}`);
    const lenders = {
        v30: new AaveLender(devnet, markets[0], assets),
        v36: new AaveLender(devnet, markets[1], assets),
        usdc: new MorphoLender(devnet, morphoFor("USDC")),
        dai: new MorphoLender(devnet, morphoFor("DAI")),
    };
    // Oracles stand where the pools do, so that the script and the engine begin at one price.
    setFeed(chain, tokens.WETH.feed, (tokens.WETH.price = PRICE * BASE));
    for (const token of [tokens.wstETH, tokens.weETH]) {
        setFeed(chain, token.feed, (token.price = (PRICE * BASE * RATIO[0]) / RATIO[1]));
    }
    for (const { market } of [lenders.usdc, lenders.dai]) {
        setOracle(chain, market, fairPrice({ ...market.loan, price: BASE }, market.collateral));
    }
    const lender = addressOf("margrave cascade", "lender");
    lendPlenty(devnet, Object.values(lenders), lender);
    await chain.mine({ seconds: 0 });
    const toml = [devnet.configToml(), poolsToml(Object.values(pools), { band: 9000 })].join("\n");
    return { devnet, chain, tokens, uniswap, pools, liquidator, lender, lenders, toml };
}

/// So much that every account finds what it borrows.
function lendPlenty({ chain, tokens, blue }, lenders, from) {
    const lend = (token, call) => {
        const amount = 1_000_000_000n * 10n ** BigInt(token.decimals);
        mintMany(chain, token, [from], [amount]);
        chain.send({ from, ...call(amount) });
    };
    for (const { protocol, market } of lenders) {
        if (protocol === "morpho_blue") {
            const args = (amount) => [market.params, amount, 0n, from, "0x"];
            lend(market.loan, (amount) => ({ to: blue.morpho, abi: MORPHO, functionName: "supply", args: args(amount) }));
            continue;
        }
        for (const token of DOLLARS.map((symbol) => tokens[symbol])) {
            const args = (amount) => [token.address, amount, from, 0];
            lend(token, (amount) => ({ to: market.pool, abi: POOL, functionName: "supply", args: args(amount) }));
        }
    }
}

/// A thin position everywhere and thick ones in ranges around the price.
async function fillPool(chain, uniswap, weth, dollars, fee) {
    const isFirst = BigInt(weth.address) < BigInt(dollars.address);
    const [token0, token1] = isFirst ? [weth, dollars] : [dollars, weth];
    const price = isFirst ? [PRICE, 1n] : [1n, PRICE];
    const pool = await makePool(chain, uniswap, weth, dollars, fee, sqrtPriceOf(token0, token1, price));
    const { tick } = await readState(chain, pool);
    const near = (ticks) => Math.floor(ticks / pool.spacing) * pool.spacing;
    const end = near(TICK_MAX);
    const add = (lower, upper, ethers) => {
        const sides = [ethers * ETHER, ethers * PRICE * 10n ** BigInt(dollars.decimals)];
        addPosition(chain, uniswap, pool, lower, upper, ...(isFirst ? sides : sides.reverse()));
    };
    add(-end, end, 3000n);
    for (const [reach, ethers] of [[300, 150n], [900, 400n], [2400, 500n]]) {
        add(near(Number(tick) - reach), near(Number(tick) + reach), ethers);
    }
    await chain.mine();
    return pool;
}

/// So many accounts near their limits, spread over the lenders: [{ wallet, lender }]. `scale` is their size. At Morpho,
/// where a liquidation closes everything at once, they owe from `least` on of what they may, so that some are left for
/// another round; basis points.
export async function enterAccounts({ chain, tokens, devnet }, { seed, lenders, count, scale = 1, least = 6000 }) {
    const random = new Random(seed);
    const accounts = [];
    for (let i = 0; i < count; i++) {
        const lender = lenders[i % lenders.length];
        const wallet = addressOf("margrave cascade", seed, i);
        const enter = lender.protocol === "morpho_blue" ? enterMorpho : enterAave;
        enter({ chain, tokens, blue: devnet.blue, market: lender.market, wallet, random, scale, least });
        accounts.push({ wallet, lender });
        // Of the node's gas a block holds about so many.
        if (i % 100 === 99) await chain.mine({ seconds: 0 });
    }
    await chain.mine();
    return accounts;
}

/// Base units for so many whole dollars, rounded down.
const amountFor = (token, dollars) => (dollars * BASE * 10n ** BigInt(token.decimals)) / token.price;
/// So much of what may be borrowed, in basis points, to 99 %.
const owedOf = (room, random, least) => (room * BigInt(Math.floor(random.between(least, 9900)))) / 10_000n;

/// WETH, some wstETH or WBTC beside it, USDC and some DAI owed.
function enterAave({ chain, tokens, market, wallet, random, scale }) {
    const call = (functionName, ...args) => chain.send({ from: wallet, to: market.pool, abi: POOL, functionName, args });
    let room = 0n;
    const supply = (token, dollars, ltv) => {
        const whole = BigInt(Math.floor(dollars * scale));
        mintMany(chain, token, [wallet], [amountFor(token, whole)]);
        call("supply", token.address, amountFor(token, whole), wallet, 0);
        room += (whole * ltv) / 100n;
    };
    supply(tokens.WETH, random.logBetween(2e4, 8e5), 80n);
    if (random.chance(0.3)) supply(tokens.wstETH, random.logBetween(2e4, 4e5), 78n);
    if (random.chance(0.2)) supply(tokens.WBTC, random.logBetween(2e4, 2e5), 73n);
    const owed = owedOf(room, random, 8200);
    const inDai = random.chance(0.4) ? (owed * BigInt(random.below(60))) / 100n : 0n;
    const borrow = (token, dollars) => {
        if (dollars > 0n) call("borrow", token.address, amountFor(token, dollars), VARIABLE, 0, wallet);
    };
    borrow(tokens.USDC, owed - inDai);
    borrow(tokens.DAI, inDai);
}

/// WETH posted, and what the market lends owed.
function enterMorpho({ chain, tokens, blue, market, wallet, random, scale, least }) {
    const call = (functionName, ...args) =>
        chain.send({ from: wallet, to: blue.morpho, abi: MORPHO, functionName, args: [market.params, ...args] });
    const whole = BigInt(Math.floor(random.logBetween(2e4, 8e5) * scale));
    const amount = amountFor(tokens.WETH, whole);
    mintMany(chain, tokens.WETH, [wallet], [amount]);
    call("supplyCollateral", amount, wallet, "0x");
    const owed = owedOf((whole * market.lltv) / WAD, random, least);
    call("borrow", owed * 10n ** BigInt(market.loan.decimals), 0n, wallet, wallet);
}

/// The playbook: the worst first, the largest pair, WETH sold into its pools, oracles of these lenders set to them.
export function rulesOf({ pools }, { sell, lenders }) {
    const rule = ({ protocol, name: market }, rest) => ({ protocol, market, ...rest });
    const follow = (lender, dollars) =>
        rule(lender, { asset: "WETH", pool: pools[dollars], dollars: [1n, 1n] });
    const ofAave = (lender) => [
        follow(lender, "USDC"),
        ...["wstETH", "weETH"]
            .filter((asset) => lender.assets.some(({ symbol }) => symbol === asset))
            .map((asset) => rule(lender, { asset, follows: "WETH", ratio: RATIO })),
    ];
    return {
        sell,
        order: "lowest-health",
        pair: "largest",
        venues: DOLLARS.map((into) => ({ asset: "WETH", into, pool: pools[into] })),
        oracles: lenders.flatMap((lender) =>
            lender.protocol === "aave_v3" ? ofAave(lender) : [follow(lender, lender.market.loan.symbol)],
        ),
    };
}
