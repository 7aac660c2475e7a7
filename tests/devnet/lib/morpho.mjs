// Deploys Morpho Blue from the sources of @morpho-org/morpho-blue, and its markets.
import { encodeAbiParameters, keccak256, parseAbi, parseAbiParameters, zeroAddress } from "viem";
import { ADMIN } from "./chain.mjs";
import { FOR_MORPHO, compile } from "./compile.mjs";
import { addressOf } from "./random.mjs";
import { own, trust } from "./tokens.mjs";

const SOURCES = ["morpho-blue/Morpho.sol", "morpho-blue/mocks/IrmMock.sol"];
const WAD_PER_BPS = 10n ** 14n;

let artifacts;
const artifactOf = (name) => (artifacts ??= compile(SOURCES, FOR_MORPHO))[name];

export const MORPHO = parseAbi([
    "struct MarketParams { address loanToken; address collateralToken; address oracle; address irm; uint256 lltv; }",
    "function enableIrm(address irm)",
    "function enableLltv(uint256 lltv)",
    "function createMarket(MarketParams params)",
    "function setFee(MarketParams params, uint256 fee)",
    "function setFeeRecipient(address recipient)",
    "function supply(MarketParams params, uint256 assets, uint256 shares, address onBehalf, bytes data) returns (uint256, uint256)",
    "function withdraw(MarketParams params, uint256 assets, uint256 shares, address onBehalf, address receiver) returns (uint256, uint256)",
    "function borrow(MarketParams params, uint256 assets, uint256 shares, address onBehalf, address receiver) returns (uint256, uint256)",
    "function repay(MarketParams params, uint256 assets, uint256 shares, address onBehalf, bytes data) returns (uint256, uint256)",
    "function supplyCollateral(MarketParams params, uint256 assets, address onBehalf, bytes data)",
    "function withdrawCollateral(MarketParams params, uint256 assets, address onBehalf, address receiver)",
    "function liquidate(MarketParams params, address borrower, uint256 seizedAssets, uint256 repaidShares, bytes data) returns (uint256, uint256)",
    "function accrueInterest(MarketParams params)",
    "function market(bytes32 id) view returns (uint128 totalSupplyAssets, uint128 totalSupplyShares, uint128 totalBorrowAssets, uint128 totalBorrowShares, uint128 lastUpdate, uint128 fee)",
    "function position(bytes32 id, address user) view returns (uint256 supplyShares, uint128 borrowShares, uint128 collateral)",
    "function price() view returns (uint256)",
    // Declared in the library EventsLib, and so not part of Morpho's own ABI.
    "event Liquidate(bytes32 indexed id, address indexed caller, address indexed borrower, uint256 repaidAssets, uint256 repaidShares, uint256 seizedAssets, uint256 badDebtAssets, uint256 badDebtShares)",
]);

/// `lltv` and `fee` in basis points. Rates are those of the mock, the utilization itself a year, `adaptive` ones, or
/// `noRate` at all.
/// `later` is what becomes of the oracle once positions exist; the last market is idle: it lends to nobody.
const ROWS = [
    { collateral: "WETH", loan: "USDC", lltv: 8600, fee: 1000 },
    { collateral: "WBTC", loan: "USDC", lltv: 7700, fee: 2500 },
    { collateral: "wstETH", loan: "WETH", lltv: 9450, fee: 500 },
    { collateral: "weETH", loan: "WETH", lltv: 9650, noRate: true },
    { collateral: "USDC", loan: "WETH", lltv: 3850 },
    { collateral: "DAI", loan: "USDT", lltv: 9800, noRate: true },
    { collateral: "cbBTC", loan: "WBTC", lltv: 9150, fee: 1000 },
    { collateral: "LINK", loan: "DAI", lltv: 6250, fee: 700 },
    { collateral: "WHOLE", loan: "GUSD", lltv: 7700 },
    { collateral: "MKR", loan: "USDC", lltv: 7700, later: "down" },
    { collateral: "ENS", loan: "DAI", lltv: 6250, fee: 1000, later: "worthless" },
    { collateral: "LUSD", loan: "USDC", lltv: 8600, fee: 1000, adaptive: true },
    { collateral: "WETH", loan: "DAI", lltv: 7700, adaptive: true },
    { loan: "USDC", lltv: 0, noRate: true },
];

/// Receives the fees, as shares.
export const FEE_RECIPIENT = addressOf("margrave devnet", "morpho fees");

/// Queues everything; resolves to { name, morpho, irm, adaptiveIrm, feeRecipient, markets }. A market: { id, params,
/// label, loan, collateral (both tokens; the idle market has no collateral), lltv, fee, oracle, later, rates }.
export async function deployMorpho(chain, tokens, name = "blue") {
    const morpho = chain.deploy(artifactOf("Morpho"), [ADMIN]);
    const irm = chain.deploy(artifactOf("IrmMock"));
    const call = (functionName, ...args) => chain.send({ to: morpho, abi: MORPHO, functionName, args });
    call("setFeeRecipient", FEE_RECIPIENT);
    const adaptiveIrm = chain.deploy(own("AdaptiveIrm"), [morpho]);
    const irms = { mock: irm, adaptive: adaptiveIrm, none: zeroAddress };
    for (const model of Object.values(irms)) call("enableIrm", model);
    for (const lltv of new Set(ROWS.map((row) => row.lltv))) call("enableLltv", wadOf(lltv));

    const markets = ROWS.map((row) => createMarket(chain, call, irms, tokens, row));
    for (const token of new Set(markets.flatMap(tokensOf))) trust(chain, token, morpho);
    await chain.mine();
    return { name, morpho, irm, adaptiveIrm, feeRecipient: FEE_RECIPIENT, markets };
}

const wadOf = (bps) => BigInt(bps) * WAD_PER_BPS;
const tokensOf = ({ loan, collateral }) => (collateral ? [loan, collateral] : [loan]);

function createMarket(chain, call, irms, tokens, { fee = 0, noRate, adaptive, later = null, ...row }) {
    const loan = tokens[row.loan];
    const collateral = row.collateral ? tokens[row.collateral] : null;
    const oracle = collateral ? chain.deploy(own("MorphoOracle"), [fairPrice(loan, collateral)]) : zeroAddress;
    const rates = adaptive ? "adaptive" : noRate ? "none" : "mock";
    const params = {
        loanToken: loan.address,
        collateralToken: collateral?.address ?? zeroAddress,
        oracle,
        irm: irms[rates],
        lltv: wadOf(row.lltv),
    };
    call("createMarket", params);
    if (fee) call("setFee", params, wadOf(fee));
    const label = `${row.collateral ?? "nothing"} for ${row.loan}`;
    const { lltv } = params;
    return { id: idOf(params), params, label, loan, collateral, lltv, fee: wadOf(fee), oracle, later, rates };
}

export function idOf({ loanToken, collateralToken, oracle, irm, lltv }) {
    const words = parseAbiParameters("address, address, address, address, uint256");
    return keccak256(encodeAbiParameters(words, [loanToken, collateralToken, oracle, irm, lltv]));
}

/// Raw units of the loan token per raw unit of collateral, times 1e36.
export function fairPrice(loan, collateral) {
    const scale = 10n ** BigInt(36 + loan.decimals - collateral.decimals);
    return (collateral.price * scale) / loan.price;
}

export function setOracle(chain, market, price) {
    return chain.send({ to: market.oracle, abi: own("MorphoOracle").abi, functionName: "set", args: [price] });
}

/// Queues prices that follow the tokens' own.
export function followPrices(chain, { markets }) {
    for (const market of markets.filter(({ collateral, later }) => collateral && later !== "worthless")) {
        setOracle(chain, market, fairPrice(market.loan, market.collateral));
    }
}

/// Queues what befalls oracles that people already depend on.
export function breakOracles(chain, { markets }) {
    for (const market of markets) {
        if (market.later === "worthless") setOracle(chain, market, 0n);
        if (market.later !== "down") continue;
        const { abi } = own("MorphoOracle");
        chain.send({ to: market.oracle, abi, functionName: "setReverting", args: [true] });
    }
}
