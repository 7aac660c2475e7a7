// Price moves: what belongs together moves together.
import { setFeed } from "./tokens.mjs";

const GROUPS = {
    eth: ["WETH", "wstETH", "weETH"],
    btc: ["WBTC", "cbBTC"],
    usd: ["USDC", "USDT", "DAI", "GUSD", "GHO", "LUSD", "PT"],
};

/// Queues a new answer of every feed; volatile assets move by a factor between `low` and `high`, pegged ones by 1 %.
export function movePrices(chain, { tokens, native, markets }, random, { low, high }) {
    const factors = { eth: random.between(low, high), btc: random.between(low, high), usd: 1 };
    for (const token of Object.values(tokens).filter(({ feed }) => feed)) {
        const group = Object.keys(GROUPS).find((name) => GROUPS[name].includes(token.symbol));
        const factor = group ? factors[group] * random.between(0.99, 1.01) : random.between(low, high);
        answer(chain, token, random.share(token.price, factor));
    }
    answer(chain, native, random.share(native.price, factors.eth));
    for (const emode of priceSources(markets)) answer(chain, emode, random.share(emode.price, factors.eth));
}

/// Queues exact factors for some tokens and the same answers again for all others, so that every answer is fresh.
export function scalePrices(chain, { tokens, native, markets }, symbols, numerator, denominator) {
    const scaled = ({ price }) => (price * numerator) / denominator;
    for (const token of Object.values(tokens).filter(({ feed }) => feed)) {
        answer(chain, token, symbols.includes(token.symbol) ? scaled(token) : token.price);
    }
    for (const source of [native, ...priceSources(markets)]) {
        answer(chain, source, symbols.includes("WETH") ? scaled(source) : source.price);
    }
}

/// A function that mines a block in which every feed answers anew, those of ETH with so many percent (a bigint) of what
/// they answer as this is called; it resolves to the block.
export function etherAtPercent(devnet) {
    const ethers = GROUPS.eth.map((symbol) => [devnet.tokens[symbol], devnet.tokens[symbol].price]);
    return async (percent) => {
        for (const [token, first] of ethers) token.price = (first * percent) / 100n;
        scalePrices(devnet.chain, devnet, [], 1n, 1n);
        return devnet.chain.mine();
    };
}

function answer(chain, source, price) {
    source.price = price;
    setFeed(chain, source.feed, price);
}

const priceSources = (markets) => markets.flatMap(({ emodes }) => emodes.filter(({ feed }) => feed));
