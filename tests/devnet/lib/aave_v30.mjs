// Deploys a whole Aave v3.0.2 market from the artifacts of @aave/core-v3.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { zeroAddress } from "viem";
import { TREASURY, configureReserve, deployCore, readReserves } from "./aave.mjs";
import { linkingDeployer } from "./chain.mjs";
import { EMODES_V30, RATES, reservesOf } from "./reserves.mjs";
import { deployFeed } from "./tokens.mjs";

const RAY_PER_BPS = 10n ** 23n;

/// Resolves to the market: { name, generation, pool, provider, oracle, configure, reserves, emodes, … }.
export async function deployAaveV30(chain, tokens, name = "v30") {
    const deploy = linkingDeployer(chain, artifactOf);
    const pool = (provider) => deploy("Pool", [provider]);
    const core = await deployCore(chain, { name, artifactOf, deploy, pool, configurator: "PoolConfigurator", tokens });
    const configure = (functionName, ...args) =>
        chain.send({
            to: core.configurator,
            abi: artifactOf("PoolConfigurator").abi,
            functionName,
            args,
            gas: 30_000_000n,
        });

    const rows = reservesOf("3.0");
    const shared = {
        aTokenImpl: deploy("AToken", [core.pool]),
        stableDebtTokenImpl: deploy("StableDebtToken", [core.pool]),
        variableDebtTokenImpl: deploy("VariableDebtToken", [core.pool]),
        interestRateStrategyAddress: deploy("DefaultReserveInterestRateStrategy", [core.provider, ...rates()]),
        treasury: TREASURY,
        incentivesController: zeroAddress,
        params: "0x",
    };
    for (const row of rows) configure("initReserves", [listing(tokens[row.symbol], shared)]);
    for (const row of rows) {
        configureReserve(configure, row, tokens[row.symbol].address);
        if (row.stable) configure("setReserveStableRateBorrowing", tokens[row.symbol].address, true);
    }
    const emodes = EMODES_V30.map((emode) => addEmode(chain, core, configure, tokens, emode));
    await chain.mine();
    return {
        ...core,
        generation: "3.0",
        configure,
        emodes,
        reserves: await readReserves(chain, core.pool, rows, tokens),
    };
}

function listing(token, shared) {
    const named = (prefix) => [`Devnet ${prefix}${token.symbol}`, `${prefix}${token.symbol}`];
    const [aTokenName, aTokenSymbol] = named("a");
    const [stableDebtTokenName, stableDebtTokenSymbol] = named("stableDebt");
    const [variableDebtTokenName, variableDebtTokenSymbol] = named("variableDebt");
    return {
        ...shared,
        underlyingAsset: token.address,
        underlyingAssetDecimals: token.decimals,
        aTokenName,
        aTokenSymbol,
        stableDebtTokenName,
        stableDebtTokenSymbol,
        variableDebtTokenName,
        variableDebtTokenSymbol,
    };
}

function rates() {
    const { optimal, base, slope1, slope2, stableSlope1, stableSlope2 } = RATES;
    const offset = 100,
        excessOffset = 500,
        optimalStableShare = 2000;
    return [optimal, base, slope1, slope2, stableSlope1, stableSlope2, offset, excessOffset, optimalStableShare].map(
        (bps) => BigInt(bps) * RAY_PER_BPS,
    );
}

// The category's price source is no feed: the market's oracle is asked for it as if it were an asset.
function addEmode(chain, core, configure, tokens, emode) {
    const feed = emode.priceSource ? deployFeed(chain, `${emode.label} / USD`, emode.priceSource) : null;
    if (feed) {
        const { abi } = artifactOf("AaveOracle");
        chain.send({ to: core.oracle, abi, functionName: "setAssetSources", args: [[feed], [feed]] });
    }
    configure("setEModeCategory", emode.id, emode.ltv, emode.lt, emode.bonus, feed ?? zeroAddress, emode.label);
    for (const symbol of emode.members) configure("setAssetEModeCategory", tokens[symbol].address, emode.id);
    return { ...emode, feed, price: emode.priceSource, collateral: emode.members, borrowable: emode.members };
}

const loaded = new Map();

function artifactOf(name) {
    if (!loaded.has(name)) loaded.set(name, JSON.parse(fs.readFileSync(artifactFile(name), "utf8")));
    return loaded.get(name);
}

function artifactFile(name) {
    const root = path.join(
        path.dirname(createRequire(import.meta.url).resolve("@aave/core-v3/package.json")),
        "artifacts/contracts",
    );
    const found = fs.readdirSync(root, { recursive: true }).find((file) => path.basename(file) === `${name}.json`);
    return path.join(root, found);
}
