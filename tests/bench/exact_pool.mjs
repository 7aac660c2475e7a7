// The health check of an Aave v3.6 pool in BigInt, with the contract's own rounding.
const wad = 10n ** 18n;
const ray = 10n ** 27n;
const halfRay = ray / 2n;
const year = 31_536_000n;

const rayMulHalfUp = (a, b) => (a * b + halfRay) / ray;
const divideUp = (a, b) => (a + b - 1n) / b;

/** What exactHealths() takes, from the numbers of input.mjs. */
export function exactPool({ timestamp, reserves, emodes, accounts }) {
  return {
    timestamp: BigInt(timestamp),
    reserves: reserves.map((reserve) => ({
      supplyIndex: BigInt(reserve.liquidityIndex),
      supplyRate: BigInt(reserve.liquidityRate),
      debtIndex: BigInt(reserve.variableBorrowIndex),
      debtRate: BigInt(reserve.variableBorrowRate),
      lastUpdate: BigInt(reserve.lastUpdateTimestamp),
      price: BigInt(reserve.price),
      unit: 10n ** BigInt(reserve.decimals),
      threshold: BigInt(reserve.threshold),
    })),
    emodes: new Map(
      emodes.map((emode) => [
        Number(emode.id),
        { threshold: BigInt(emode.threshold), members: reserves.map((_, id) => emode.collateral.includes(id)) },
      ]),
    ),
    accounts: accounts.map((account) => ({
      emode: Number(account.emode),
      balances: account.balances.map((held) => ({
        reserve: held.reserve,
        supply: BigInt(held.supply),
        debt: BigInt(held.debt),
      })),
    })),
  };
}

/** MathUtils.calculateLinearInterest and calculateCompoundedInterest of v3.6. */
function grown(reserve, now) {
  const seconds = now - reserve.lastUpdate;
  const x = (reserve.debtRate * seconds) / year;
  const compound = ray + x + rayMulHalfUp(x, x / 2n + rayMulHalfUp(x, x / 6n));
  return {
    supplyIndex: rayMulHalfUp(ray + (reserve.supplyRate * seconds) / year, reserve.supplyIndex),
    debtIndex: rayMulHalfUp(compound, reserve.debtIndex),
  };
}

/** Health factor in wad, null without debt, and debt in base currency, of every account. */
export function exactHealths({ timestamp, reserves, emodes, accounts }) {
  const indexes = reserves.map((reserve) => grown(reserve, timestamp));
  return accounts.map((account) => {
    const emode = emodes.get(account.emode);
    let weighted = 0n;
    let debt = 0n;
    for (const held of account.balances) {
      const reserve = reserves[held.reserve];
      const { supplyIndex, debtIndex } = indexes[held.reserve];
      if (held.supply !== 0n) {
        const value = (((held.supply * supplyIndex) / ray) * reserve.price) / reserve.unit;
        weighted += value * (emode?.members[held.reserve] ? emode.threshold : reserve.threshold);
      }
      if (held.debt !== 0n) {
        debt += divideUp(divideUp(held.debt * debtIndex, ray) * reserve.price, reserve.unit);
      }
    }
    return { factor: debt === 0n ? null : (weighted * wad + debt / 2n) / debt / 10_000n, debt };
  });
}

/** The contract's own check in BigInt, as one would write it for speed: no more than the health factor. */
export function aaveExact(input) {
  const pool = exactPool(input.aave);
  return {
    name: 'aave',
    run: () => exactHealths(pool).map((account) => account.factor),
    results: () => exactHealths(pool).map(shownExact),
  };
}

export const shownExact = ({ factor, debt }) => ({
  health_factor: factor === null ? null : factor.toString(),
  debt: debt.toString(),
  is_healthy: factor === null || factor >= 10n ** 18n,
});
