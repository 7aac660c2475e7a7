// Price sources of every kind that margrave knows, as those of Aave and of Morpho's markets.
import { getAddress, parseAbi, zeroAddress } from "viem";
import { ADMIN } from "./chain.mjs";
import { compile } from "./compile.mjs";
import { MORPHO, idOf } from "./morpho.mjs";
import { deployFeed } from "./tokens.mjs";

const FILES = ["PriceFeeds", "MorphoFeeds", "Claims"].map((name) => `devnet/${name}.sol`);
const artifact = (name) => compile(FILES)[name];

const WAD = 10n ** 18n;
const DAY = 86_400;
/// As Chainlink's aggregators have them where nobody narrowed them.
const WIDE = [1n, 10n ** 15n];

/// A contract with its functions as methods: `read` asks it (at a block), `send` queues a call.
export class Contract {
    constructor(chain, name, args) {
        this.chain = chain;
        this.name = name;
        this.abi = artifact(name).abi;
        this.address = chain.deploy(artifact(name), args);
    }

    read(functionName, args = [], block = "latest") {
        return this.chain.read({ to: this.address, abi: this.abi, functionName, args, block });
    }

    send(functionName, ...args) {
        return this.chain.send({ to: this.address, abi: this.abi, functionName, args });
    }
}

/// In two steps, because constructors ask what they are given. Resolves to { feeds, plain, rates, aave, chained, vault }:
/// `feeds` are proxies with their `aggregator`, `plain` ones have neither one nor bounds; `aave` has { symbol, kind,
/// contract, parts } for each asset that gets a source of its own, and `chained` those of Morpho's markets.
export async function deploySources(devnet) {
    const { chain, tokens } = devnet;
    const now = chain.time;
    const feeds = {
        eth: feed(chain, "ETH / USD", 8, WIDE, 2253_07167189n),
        link: feed(chain, "LINK / USD", 8, [10_00000000n, 40_00000000n], 14_83371907n),
        usdc: feed(chain, "USDC / USD", 8, WIDE, 99991234n),
        dai: feed(chain, "DAI / USD", 8, WIDE, 99973519n),
        eur: feed(chain, "EUR / USD", 8, WIDE, 1_08030017n),
        btc: feed(chain, "BTC / USD", 8, WIDE, 65043_77070701n),
        cbbtcEth: feed(chain, "cbBTC / ETH", 18, [1n, 10n ** 24n], 28_843210987654321012n),
        usdEth: feed(chain, "USD / ETH", 18, [1n, 10n ** 24n], 443839799123457n),
    };
    // These are no aggregators': they have no bounds.
    const plain = (description, answer) => ({ address: deployFeed(chain, description, answer) });
    const wbtc = plain("WBTC / BTC", 99870131n);
    const mkrEth = plain("MKR / ETH", 56340077n);
    const plainEth = plain("ETH / USD", 2253_07167189n);
    const rates = {
        wstETH: new Contract(chain, "StakeRate", [1_183524099123456789n]),
        weETH: new Contract(chain, "StakeRate", [1_058300211987654321n]),
    };
    const vault = new Contract(chain, "Vault", [tokens.WETH.address, "vWETH"]);
    await chain.mine();

    const on = (name, ...args) => new Contract(chain, name, args);
    const at = ({ address }) => address;
    const { eth, usdc, dai, eur, btc } = feeds;
    const capped = (name, text, rate) => on(name, text, at(eth), at(rate), 18);
    const aave = [
        { symbol: "WETH", kind: "feed", contract: eth, parts: {} },
        { symbol: "LINK", kind: "feed", contract: feeds.link, parts: {} },
        {
            symbol: "wstETH",
            kind: "capped_ratio",
            contract: capped("CappedRatioSecond", "Capped wstETH / stETH(ETH) / USD", rates.wstETH),
            parts: { base: eth, ratio: rates.wstETH },
        },
        {
            symbol: "weETH",
            kind: "capped_ratio",
            contract: capped("CappedRatioFirst", "Capped weETH / eETH(ETH) / USD", rates.weETH),
            parts: { base: eth, ratio: rates.weETH },
        },
        {
            symbol: "USDC",
            kind: "capped_price",
            contract: on("CappedPrice", "Capped USDC / USD", at(usdc), 1_04000000n),
            parts: { asset: usdc },
        },
        {
            symbol: "DAI",
            kind: "capped_by_price",
            contract: on("CappedByPrice", "Capped DAI / USD", at(dai), at(eur), 18, 1_041230000000000077n),
            parts: { asset: dai, base: eur },
        },
        {
            symbol: "WBTC",
            kind: "product",
            contract: on("PegToBase", at(btc), at(wbtc), 8, "WBTC / BTC / USD"),
            parts: { asset: wbtc, peg: btc },
        },
        {
            symbol: "MKR",
            kind: "product",
            contract: on("PegToBase", at(plainEth), at(mkrEth), 8, "MKR / ETH / USD"),
            parts: { asset: mkrEth, peg: plainEth },
        },
        {
            symbol: "cbBTC",
            kind: "quotient",
            contract: on("BaseToPeg", at(feeds.usdEth), at(feeds.cbbtcEth), 8, "cbBTC / ETH / USD"),
            parts: { asset: feeds.cbbtcEth, base: feeds.usdEth },
        },
        {
            symbol: "PT",
            kind: "discount",
            contract: on("Discounted", "PT USDC / USD linear discount", at(usdc), now + 90 * DAY, 76_000000000000001n),
            parts: { asset: usdc },
        },
        { symbol: "GHO", kind: "fixed", contract: on("FixedPrice", "GHO / USD", 1_00000000n), parts: {} },
        { symbol: "LUSD", kind: "fixed", contract: on("OneDollar"), parts: {} },
    ];
    const chained = deployChained(chain, { feeds, vault, wbtc });
    await chain.mine();
    return { feeds, rates, aave, chained, vault, plain: { wbtc, mkrEth, plainEth } };
}

function feed(chain, description, decimals, [min, max], answer) {
    const aggregator = new Contract(chain, "Aggregator", [description, decimals, min, max, answer]);
    const proxy = new Contract(chain, "FeedProxy", [aggregator.address]);
    return Object.assign(proxy, { aggregator });
}

// wstETH for USDC by a vault and a feed against one; and WBTC for WETH with all six numbers.
function deployChained(chain, { feeds, vault, wbtc }) {
    const nobody = { address: zeroAddress };
    const side = (digits, { of = null, feed1 = nobody, feed2 = nobody }) => ({
        vault: of?.address ?? zeroAddress,
        sample: of ? WAD : 1n,
        feed1: feed1.address,
        feed2: feed2.address,
        tokenDecimals: BigInt(digits),
    });
    const { eth, usdc, btc, usdEth } = feeds;
    const oracle = (base, quote) => new Contract(chain, "ChainedFeeds", [base, quote]);
    return [
        {
            collateral: "wstETH",
            loan: "USDC",
            contract: oracle(side(18, { of: vault, feed1: eth }), side(6, { feed1: usdc })),
            parts: { base_vault: vault, base_feed_1: eth, quote_feed_1: usdc },
        },
        {
            collateral: "WBTC",
            loan: "WETH",
            contract: oracle(
                side(8, { of: vault, feed1: wbtc, feed2: btc }),
                side(18, { of: vault, feed1: eth, feed2: usdEth }),
            ),
            parts: {
                base_vault: vault,
                base_feed_1: wbtc,
                base_feed_2: btc,
                quote_vault: vault,
                quote_feed_1: eth,
                quote_feed_2: usdEth,
            },
        },
    ];
}

/// Queues that the market's oracle reads them.
export function useSources(chain, market, tokens, sources) {
    chain.send({
        from: ADMIN,
        to: market.oracle,
        abi: parseAbi(["function setAssetSources(address[] assets, address[] sources)"]),
        functionName: "setAssetSources",
        args: [sources.map(({ symbol }) => tokens[symbol].address), sources.map(({ contract }) => contract.address)],
    });
}

/// Queues the markets of chained oracles, and gives each its `params` and `id`.
export function createMarkets(chain, blue, tokens, chained) {
    for (const source of chained) {
        source.params = {
            loanToken: tokens[source.loan].address,
            collateralToken: tokens[source.collateral].address,
            oracle: source.contract.address,
            irm: zeroAddress,
            lltv: 8600n * 10n ** 14n,
        };
        source.id = idOf(source.params);
        chain.send({ to: blue.morpho, abi: MORPHO, functionName: "createMarket", args: [source.params] });
    }
}

/// The report's entry of a contract.
export function entryOf(report, { address }) {
    const [book] = report.oracles;
    return book.sources.find(({ source }) => source === getAddress(address));
}
