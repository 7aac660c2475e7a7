// What both generations of Aave v3 share: the registry, roles, oracle, reserve settings, and the calls users make.
import { parseAbi, zeroAddress } from "viem";
import { ADMIN } from "./chain.mjs";
import { FALLBACK_PRICE, own, trust } from "./tokens.mjs";

/// Receives the protocol's income in both markets.
export const TREASURY = "0x7ea5000000000000000000000000000000000001";

/// Seconds that must pass after the sequencer came back.
const GRACE_PERIOD = 3600n;

/// The same on every revision: getReserveData answers the old struct to this day.
export const POOL = parseAbi([
    "struct ReserveData { uint256 configuration; uint128 liquidityIndex; uint128 currentLiquidityRate; uint128 variableBorrowIndex; uint128 currentVariableBorrowRate; uint128 currentStableBorrowRate; uint40 lastUpdateTimestamp; uint16 id; address aToken; address stableDebtToken; address variableDebtToken; address interestRateStrategy; uint128 accruedToTreasury; uint128 unbacked; uint128 isolationModeTotalDebt; }",
    "function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)",
    "function borrow(address asset, uint256 amount, uint256 rateMode, uint16 referralCode, address onBehalfOf)",
    "function repay(address asset, uint256 amount, uint256 rateMode, address onBehalfOf) returns (uint256)",
    "function withdraw(address asset, uint256 amount, address to) returns (uint256)",
    "function swapBorrowRateMode(address asset, uint256 rateMode)",
    "function setUserUseReserveAsCollateral(address asset, bool useAsCollateral)",
    "function setUserEMode(uint8 categoryId)",
    "function liquidationCall(address collateral, address debt, address user, uint256 debtToCover, bool receiveAToken)",
    "function mintToTreasury(address[] assets)",
    "function getUserAccountData(address user) view returns (uint256 collateral, uint256 debt, uint256 availableBorrows, uint256 liquidationThreshold, uint256 ltv, uint256 healthFactor)",
    "function getUserConfiguration(address user) view returns (uint256)",
    "function getUserEMode(address user) view returns (uint256)",
    "function getReserveData(address asset) view returns (ReserveData)",
    "function POOL_REVISION() view returns (uint256)",
]);

export const ERC20 = parseAbi([
    "function balanceOf(address) view returns (uint256)",
    "function transfer(address to, uint256 amount) returns (bool)",
]);

export const ORACLE = parseAbi(["function getAssetPrice(address) view returns (uint256)"]);

/// The contracts around the pool, in the order their constructors need one another. `artifactOf` finds a contract by
/// name, `pool` deploys the pool's implementation. Returns addresses; the proxies exist once the block is mined.
export async function deployCore(chain, { name, artifactOf, deploy, pool, configurator, tokens }) {
    const provider = deploy("PoolAddressesProvider", [name, ADMIN]);
    const call = (to, contract, functionName, ...args) =>
        chain.send({ to, abi: artifactOf(contract).abi, functionName, args });
    const register = (functionName, address) => call(provider, "PoolAddressesProvider", functionName, address);

    register("setACLAdmin", ADMIN);
    const acl = deploy("ACLManager", [provider]);
    register("setACLManager", acl);
    call(acl, "ACLManager", "addPoolAdmin", ADMIN);
    register("setPoolImpl", pool(provider));
    register("setPoolConfiguratorImpl", deploy(configurator));
    register("setPoolDataProvider", deploy("AaveProtocolDataProvider", [provider]));

    const fallback = deploy("PriceOracle");
    call(fallback, "PriceOracle", "setAssetPrice", tokens.MINE.address, FALLBACK_PRICE);
    const priced = Object.values(tokens).filter((token) => token.feed);
    const sources = [priced.map((token) => token.address), priced.map((token) => token.feed)];
    // Quoted in USD, the base currency is address 0 with 8 decimals.
    const oracle = deploy("AaveOracle", [provider, ...sources, fallback, zeroAddress, 100_000_000n]);
    register("setPriceOracle", oracle);

    const sequencer = chain.deploy(own("SequencerFeed"), [BigInt(chain.time - 86_400)]);
    const sentinel = deploy("PriceOracleSentinel", [provider, sequencer, GRACE_PERIOD]);
    register("setPriceOracleSentinel", sentinel);

    await chain.mine();
    const lookUp = (functionName) =>
        chain.read({ to: provider, abi: artifactOf("PoolAddressesProvider").abi, functionName });
    return {
        name,
        provider,
        acl,
        oracle,
        fallback,
        sequencer,
        sentinel,
        dataProvider: await lookUp("getPoolDataProvider"),
        pool: await lookUp("getPool"),
        configurator: await lookUp("getPoolConfigurator"),
    };
}

/// Queues the settings that both generations' configurators know under the same names.
export function configureReserve(configure, row, asset) {
    if (row.dropped) return configure("dropReserve", asset);
    if (row.lt) configure("configureReserveAsCollateral", asset, row.ltv, row.lt, row.bonus);
    if (row.borrow) configure("setReserveBorrowing", asset, true);
    if (row.isolated) configure("setDebtCeiling", asset, row.isolated * 100n);
    if (row.inIsolation) configure("setBorrowableInIsolation", asset, true);
    if (row.siloed) configure("setSiloedBorrowing", asset, true);
    if (row.supplyCap) configure("setSupplyCap", asset, row.supplyCap);
    if (row.borrowCap) configure("setBorrowCap", asset, row.borrowCap);
    configure("setReserveFactor", asset, row.reserveFactor);
    configure("setLiquidationProtocolFee", asset, row.protocolFee);
}

/// Lets the pool move tokens, and returns the rows of the live reserves with their addresses.
export async function readReserves(chain, pool, rows, tokens) {
    const live = rows.filter((row) => !row.dropped);
    return Promise.all(
        live.map(async (row) => {
            const token = tokens[row.symbol];
            trust(chain, token, pool);
            const data = await chain.read({
                to: pool,
                abi: POOL,
                functionName: "getReserveData",
                args: [token.address],
            });
            const { aToken, variableDebtToken, id } = data;
            const stableDebtToken = data.stableDebtToken === zeroAddress ? null : data.stableDebtToken;
            return { ...row, ...token, asset: token.address, id, aToken, variableDebtToken, stableDebtToken };
        }),
    );
}
