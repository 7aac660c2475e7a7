// What is listed in the two markets: one row per reserve, one per e-mode.

/// Fields: ltv, lt, bonus (bps); borrow, stable; isolated = debt ceiling in whole dollars of an isolation-mode
/// collateral; inIsolation = borrowable against one; siloed; caps in whole tokens; only = the generation that lists it.
/// `later` is what the administrators do once positions exist.
const ROWS = [
    { symbol: "WETH", ltv: 8000, lt: 8250, bonus: 10500, borrow: true, stable: true },
    { symbol: "wstETH", ltv: 7850, lt: 8100, bonus: 10600, borrow: true },
    { symbol: "DROP", ltv: 1000, lt: 2000, bonus: 10500, dropped: true },
    { symbol: "weETH", ltv: 7250, lt: 7500, bonus: 10700, borrow: true, only: "3.6" },
    { symbol: "WBTC", ltv: 7300, lt: 7800, bonus: 10500, borrow: true, stable: true },
    { symbol: "cbBTC", ltv: 7000, lt: 7500, bonus: 10750, borrow: true, supplyCap: 3000n, borrowCap: 1200n },
    { symbol: "USDC", ltv: 7700, lt: 7900, bonus: 10450, borrow: true, stable: true, inIsolation: true },
    { symbol: "USDT", ltv: 7400, lt: 7700, bonus: 10450, borrow: true, stable: true, inIsolation: true },
    { symbol: "DAI", ltv: 7500, lt: 7800, bonus: 10450, borrow: true, stable: true, inIsolation: true },
    { symbol: "GUSD", ltv: 6000, lt: 6500, bonus: 10600, borrow: true, inIsolation: true, only: "3.0" },
    { symbol: "GHO", ltv: 0, lt: 0, bonus: 0, only: "3.6" },
    { symbol: "LUSD", ltv: 0, lt: 0, bonus: 0, borrow: true, inIsolation: true },
    { symbol: "LINK", ltv: 6500, lt: 7000, bonus: 10750, borrow: true, borrowCap: 200_000n },
    { symbol: "CRV", ltv: 5500, lt: 6100, bonus: 10830, borrow: true, later: "ltvZero" },
    { symbol: "BAL", ltv: 5700, lt: 5900, bonus: 10830, borrow: true, later: "freeze" },
    { symbol: "KNC", ltv: 4000, lt: 4500, bonus: 11000, borrow: true, later: "pause" },
    { symbol: "ENS", ltv: 3900, lt: 4900, bonus: 10800, isolated: 9_000_000n },
    { symbol: "SNX", ltv: 4900, lt: 6500, bonus: 10850, borrow: true, siloed: true },
    { symbol: "PT", ltv: 0, lt: 0, bonus: 0, only: "3.6" },
    { symbol: "MKR", ltv: 6500, lt: 7000, bonus: 10850, borrow: true },
    { symbol: "BARE", ltv: 3000, lt: 3500, bonus: 11000, borrow: true, only: "3.0" },
    // 3.6 refuses tokens of fewer than six decimals.
    { symbol: "WHOLE", ltv: 5000, lt: 5500, bonus: 11000, borrow: true, only: "3.0" },
    { symbol: "MINE", ltv: 4500, lt: 5000, bonus: 11000, borrow: true },
];

const DEFAULTS = {
    borrow: false,
    stable: false,
    inIsolation: false,
    siloed: false,
    isolated: 0n,
    supplyCap: 0n,
    borrowCap: 0n,
    reserveFactor: 1500,
    protocolFee: 1000,
};

export function reservesOf(generation) {
    return ROWS.filter((row) => !row.only || row.only === generation).map((row) => ({ ...DEFAULTS, ...row }));
}

/// Aave 3.0: an asset is in one category at most; inside it, a price source may replace the asset's own price.
export const EMODES_V30 = [
    {
        id: 1,
        label: "ETH correlated",
        ltv: 9000,
        lt: 9300,
        bonus: 10100,
        members: ["WETH", "wstETH"],
        priceSource: 2511_00990001n,
    },
    { id: 2, label: "Stablecoins", ltv: 9300, lt: 9500, bonus: 10100, members: ["USDC", "USDT", "DAI", "GUSD"] },
    { id: 200, label: "BTC", ltv: 8900, lt: 9150, bonus: 10200, members: ["WBTC", "cbBTC"] },
];

/// Aave 3.6: bitmaps that may overlap. GHO is borrowable, and PT is collateral, in an e-mode only.
export const EMODES_V36 = [
    {
        id: 1,
        label: "ETH correlated",
        ltv: 9000,
        lt: 9300,
        bonus: 10100,
        collateral: ["WETH", "wstETH", "weETH"],
        borrowable: ["WETH", "wstETH"],
        ltvZero: ["weETH"],
        ltvZeroLater: [],
    },
    {
        id: 2,
        label: "Stablecoins",
        ltv: 9300,
        lt: 9500,
        bonus: 10100,
        collateral: ["USDC", "USDT", "DAI"],
        borrowable: ["USDC", "USDT", "DAI", "GHO"],
        ltvZero: [],
        ltvZeroLater: ["DAI"],
    },
    {
        id: 3,
        label: "wstETH to stablecoins",
        ltv: 8100,
        lt: 8400,
        bonus: 10550,
        collateral: ["wstETH", "weETH", "CRV"],
        borrowable: ["USDC", "GHO"],
        ltvZero: [],
        ltvZeroLater: [],
    },
    {
        id: 4,
        label: "PT",
        ltv: 8800,
        lt: 9100,
        bonus: 10300,
        collateral: ["PT"],
        borrowable: ["USDC", "USDT"],
        ltvZero: [],
        ltvZeroLater: [],
    },
    {
        id: 200,
        label: "BAL and BTC",
        ltv: 8500,
        lt: 8800,
        bonus: 10350,
        collateral: ["WBTC", "cbBTC", "BAL"],
        borrowable: ["WBTC", "DAI", "SNX"],
        ltvZero: [],
        ltvZeroLater: [],
    },
];

/// Borrowing gets dear quickly, so that indexes grow visibly between blocks.
export const RATES = { optimal: 8000, base: 100, slope1: 700, slope2: 9000, stableSlope1: 300, stableSlope2: 8000 };
