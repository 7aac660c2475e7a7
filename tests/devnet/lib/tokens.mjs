// The tokens of the devnet and their price feeds.
import { stringToHex } from "viem";
import { compile } from "./compile.mjs";

const FILES = ["Tokens", "OddTokens", "Feed", "SequencerFeed", "MorphoOracle", "AdaptiveIrm", "PreLiquidation", "Prober"];
const SOURCES = FILES.map((name) => `devnet/${name}.sol`);

/// Artifacts of our own contracts.
export const own = (name) => compile(SOURCES)[name];

export const FEED_DECIMALS = 8;

/// What the markets' fallback oracle says of MINE, which has no feed.
export const FALLBACK_PRICE = 7_77000701n;

/// symbol, decimals, USD price with the feed's 8 decimals (odd digits on purpose: they make roundings visible), kind.
/// The price of a token without a feed is null.
const TOKENS = [
    ["WETH", 18, 2503_41296877n],
    ["wstETH", 18, 2961_77340113n],
    ["weETH", 18, 2655_03178849n],
    ["WBTC", 8, 65021_30871233n],
    ["cbBTC", 8, 64987_91000001n],
    ["USDC", 6, 99991234n],
    ["USDT", 6, 1_00012877n],
    ["DAI", 18, 99973519n],
    ["GUSD", 2, 1_00003331n],
    ["GHO", 18, 99870023n],
    ["LUSD", 18, 1_00410093n],
    ["LINK", 18, 14_83371907n],
    ["CRV", 18, 51903317n],
    ["BAL", 18, 2_07113939n],
    ["KNC", 18, 41397103n],
    ["ENS", 18, 19_73310047n],
    ["SNX", 18, 1_61803399n],
    ["PT", 18, 96713370n],
    ["MKR", 18, 1411_70000077n, "Bytes32Token"],
    ["BARE", 18, 3_33333333n, "BareToken"],
    ["WHOLE", 0, 37_11700003n],
    ["MINE", 18, null],
    ["DROP", 18, 1_00000000n],
    ["RPL", 18, 9_12345678n],
    ["JUNK", 18, null],
];

/// Tokens that are reserves nowhere.
export const PLAIN_TOKENS = ["RPL", "JUNK"];

/// Queues tokens, their feeds and one for the native coin; returns symbol → { symbol, decimals, address, feed, price }.
export function deployTokens(chain) {
    const tokens = {};
    for (const [symbol, decimals, price, kind = "Token"] of TOKENS) {
        const feed = price === null ? null : deployFeed(chain, `${symbol} / USD`, price);
        tokens[symbol] = { symbol, decimals, price, feed, address: deployToken(chain, kind, symbol, decimals) };
    }
    return tokens;
}

export function deployFeed(chain, description, price) {
    return chain.deploy(own("Feed"), [description, FEED_DECIMALS, price]);
}

function deployToken(chain, kind, symbol, decimals) {
    const args = {
        Token: [symbol, decimals],
        Bytes32Token: [stringToHex(symbol, { size: 32 }), decimals],
        BareToken: [],
    }[kind];
    return chain.deploy(own(kind), args);
}

/// Queues a new answer of a feed.
export function setFeed(chain, feed, answer) {
    return chain.send({ to: feed, abi: own("Feed").abi, functionName: "set", args: [answer] });
}

/// Queues balances for many holders of one token.
export function mintMany(chain, token, holders, amounts) {
    const gas = 100_000n + 60_000n * BigInt(holders.length);
    chain.send({ to: token.address, abi: own("Token").abi, functionName: "mintMany", args: [holders, amounts], gas });
}

/// Lets a spender (a lending pool) move anyone's tokens without approval.
export function trust(chain, token, spender) {
    chain.send({ to: token.address, abi: own("Token").abi, functionName: "trust", args: [spender] });
}

/// Base units of a token for about so many dollars, at the price it began with.
export function worth({ price, decimals }, dollars, random) {
    const value = BigInt(Math.ceil(dollars * 10 ** FEED_DECIMALS));
    return random.share((value * 10n ** BigInt(decimals)) / (price ?? FALLBACK_PRICE), 0.999) + 1n;
}
