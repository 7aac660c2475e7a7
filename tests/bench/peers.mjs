// What the peers make of an input: each case runs over all of it and returns one value for each position.
import { AccrualPosition, Market, MarketParams } from '@morpho-org/blue-sdk';
import aave from '@aave/math-utils';

const maxUint256 = 2n ** 256n - 1n;

function morphoPositions(input) {
  return input.morpho.map((one) => {
    const market = new Market({
      params: new MarketParams({ ...one, lltv: BigInt(one.lltv) }),
      totalSupplyAssets: BigInt(one.totalSupplyAssets),
      totalSupplyShares: BigInt(one.totalSupplyShares),
      totalBorrowAssets: BigInt(one.totalBorrowAssets),
      totalBorrowShares: BigInt(one.totalBorrowShares),
      lastUpdate: BigInt(one.lastUpdate),
      fee: BigInt(one.fee),
      price: BigInt(one.price),
      rateAtTarget: BigInt(one.rateAtTarget),
    });
    const positions = one.positions.map(
      (position) =>
        new AccrualPosition(
          {
            user: one.oracle,
            supplyShares: 0n,
            borrowShares: BigInt(position.borrowShares),
            collateral: BigInt(position.collateral),
          },
          market,
        ),
    );
    return { market, positions };
  });
}

const shown = (position) => ({
  health_factor:
    position.healthFactor === undefined || position.healthFactor === maxUint256
      ? null
      : position.healthFactor.toString(),
  debt: position.borrowAssets.toString(),
  collateral_value: position.collateralValue.toString(),
  is_healthy: position.isHealthy,
});

/** Every position accrues its own copy of its market. */
export function morphoEach(input) {
  const timestamp = BigInt(input.timestamp);
  const markets = morphoPositions(input);
  return {
    name: 'morpho_each',
    run() {
      const out = [];
      for (const { positions } of markets) {
        for (const position of positions) {
          out.push(position.accrueInterest(timestamp).healthFactor);
        }
      }
      return out;
    },
    results: () =>
      markets.flatMap(({ positions }) => positions.map((position) => shown(position.accrueInterest(timestamp)))),
  };
}

/** Every market accrues once; its positions are valued in it. */
export function morphoOnce(input) {
  const timestamp = BigInt(input.timestamp);
  const markets = morphoPositions(input);
  return {
    name: 'morpho_once',
    run() {
      const out = [];
      for (const { market, positions } of markets) {
        const accrued = market.accrueInterest(timestamp);
        for (const position of positions) {
          out.push(accrued.getHealthFactor(position));
        }
      }
      return out;
    },
    results: () =>
      markets.flatMap(({ market, positions }) => {
        const accrued = market.accrueInterest(timestamp);
        return positions.map((position) => shown(new AccrualPosition(position, accrued)));
      }),
  };
}

/** The user's summary of Aave's own interface. */
export function aaveSummary(input) {
  const { reserves, emodes, accounts } = input.aave;
  const formattedReserves = reserves.map((reserve, id) => ({
    underlyingAsset: reserve.underlyingAsset,
    decimals: Number(reserve.decimals),
    priceInMarketReferenceCurrency: reserve.price,
    liquidityIndex: reserve.liquidityIndex,
    liquidityRate: reserve.liquidityRate,
    variableBorrowIndex: reserve.variableBorrowIndex,
    variableBorrowRate: reserve.variableBorrowRate,
    lastUpdateTimestamp: Number(reserve.lastUpdateTimestamp),
    reserveLiquidationThreshold: reserve.threshold,
    baseLTVasCollateral: reserve.ltv,
    debtCeiling: '0',
    eModes: emodes.map((emode) => ({
      id: Number(emode.id),
      collateralEnabled: emode.collateral.includes(id),
      ltvzeroEnabled: false,
      eMode: { ltv: emode.ltv, liquidationThreshold: emode.threshold },
    })),
  }));
  const users = accounts.map((account) => ({
    currentTimestamp: Number(input.aave.timestamp),
    marketReferencePriceInUsd: '100000000',
    marketReferenceCurrencyDecimals: 8,
    formattedReserves,
    userEmodeCategoryId: Number(account.emode),
    userReserves: account.balances.map((held) => ({
      underlyingAsset: reserves[held.reserve].underlyingAsset,
      scaledATokenBalance: held.supply,
      usageAsCollateralEnabledOnUser: held.supply !== '0',
      scaledVariableDebt: held.debt,
    })),
  }));
  const healths = () => users.map((user) => aave.formatUserSummary(user).healthFactor);
  return { name: 'aave', run: healths, results: healths };
}
