// Deploys a whole Aave v3.6.0 market, compiled from the sources of @aave-dao/aave-v3-origin.
import { encodeAbiParameters, parseAbiParameters, zeroAddress } from "viem";
import { TREASURY, configureReserve, deployCore, readReserves } from "./aave.mjs";
import { linkingDeployer } from "./chain.mjs";
import { compile } from "./compile.mjs";
import { EMODES_V36, RATES, reservesOf } from "./reserves.mjs";

const SOURCES = [
    "instances/PoolInstance",
    "instances/PoolConfiguratorInstance",
    "instances/ATokenInstance",
    "instances/VariableDebtTokenInstance",
    "protocol/configuration/PoolAddressesProvider",
    "protocol/configuration/ACLManager",
    "helpers/AaveProtocolDataProvider",
    "helpers/LiquidationDataProvider",
    "misc/AaveOracle",
    "misc/PriceOracleSentinel",
    "misc/DefaultReserveInterestRateStrategyV2",
    "mocks/oracle/PriceOracle",
    ...["Borrow", "Configurator", "FlashLoan", "Liquidation", "Pool", "Supply"].map(
        (name) => `protocol/libraries/logic/${name}Logic`,
    ),
].map((file) => `aave-v3/contracts/${file}.sol`);

let artifacts;
const artifactOf = (name) => (artifacts ??= compile(SOURCES))[name];

/// Resolves to the market: { name, generation, pool, provider, oracle, configure, reserves, emodes, … }.
export async function deployAaveV36(chain, tokens, name = "v36") {
    const deploy = linkingDeployer(chain, artifactOf);
    const pool = (provider) =>
        deploy("PoolInstance", [provider, deploy("DefaultReserveInterestRateStrategyV2", [provider])]);
    const core = await deployCore(chain, {
        name,
        artifactOf,
        deploy,
        pool,
        configurator: "PoolConfiguratorInstance",
        tokens,
    });
    const configure = (functionName, ...args) =>
        chain.send({
            to: core.configurator,
            abi: artifactOf("PoolConfiguratorInstance").abi,
            functionName,
            args,
            gas: 30_000_000n,
        });

    const rows = reservesOf("3.6");
    const shared = {
        aTokenImpl: deploy("ATokenInstance", [core.pool, zeroAddress, TREASURY]),
        variableDebtTokenImpl: deploy("VariableDebtTokenInstance", [core.pool, zeroAddress]),
        params: "0x",
        interestRateData: rates(),
    };
    for (const row of rows) configure("initReserves", [listing(tokens[row.symbol], shared)]);
    for (const row of rows) configureReserve(configure, row, tokens[row.symbol].address);
    for (const emode of EMODES_V36) addEmode(configure, tokens, emode);
    await chain.mine();
    return {
        ...core,
        generation: "3.6",
        configure,
        emodes: EMODES_V36,
        reserves: await readReserves(chain, core.pool, rows, tokens),
    };
}

function listing({ symbol, address }, shared) {
    return {
        ...shared,
        underlyingAsset: address,
        aTokenName: `Devnet a${symbol}`,
        aTokenSymbol: `a${symbol}`,
        variableDebtTokenName: `Devnet variableDebt${symbol}`,
        variableDebtTokenSymbol: `variableDebt${symbol}`,
    };
}

function rates() {
    const { optimal, base, slope1, slope2 } = RATES;
    return encodeAbiParameters(parseAbiParameters("uint16, uint32, uint32, uint32"), [optimal, base, slope1, slope2]);
}

function addEmode(configure, tokens, emode) {
    configure("setEModeCategory", emode.id, emode.ltv, emode.lt, emode.bonus, emode.label);
    const include = (setter, symbols) =>
        symbols.forEach((symbol) => configure(setter, tokens[symbol].address, emode.id, true));
    include("setAssetCollateralInEMode", emode.collateral);
    include("setAssetBorrowableInEMode", emode.borrowable);
    include("setAssetLtvzeroInEMode", emode.ltvZero);
}
