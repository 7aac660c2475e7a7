// The markets that margrave and its peers are given, from a seed.

/** A generator of unsigned 32-bit integers (xorshift), the same on every machine. */
export function dice(seed) {
  let state = (seed >>> 0) || 1;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    /** A whole number from `low` to `high`, both included. */
    between: (low, high) => low + (next() % (high - low + 1)),
    /** A bigint near `mantissa` digits of chance times 10^`exponent`. */
    amount: (exponent) => (BigInt(next()) * 10n ** BigInt(exponent)) / 1_000_000_000n + BigInt(next() % 1000),
  };
}

const timestamp = 1_750_000_000;
const day = 86_400;
const wad = 10n ** 18n;
const ray = 10n ** 27n;

const address = (n) => `0x${n.toString(16).padStart(40, '0')}`;

function morphoMarket(random, index, positions) {
  const supplied = random.amount(15) + 10n ** 12n;
  const borrowed = (supplied * BigInt(random.between(200, 999))) / 1000n;
  const shares = (assets) => (assets * 1_000_000n * BigInt(random.between(800, 999))) / 1000n;
  const lltv = (wad * BigInt([385, 625, 770, 860, 915, 945, 965][index % 7])) / 1000n;
  const price = (random.amount(27) + 10n ** 24n) * 10n ** BigInt(index % 3);
  const market = {
    loanToken: address(0x1000 + index),
    collateralToken: address(0x2000 + index),
    oracle: address(0x3000 + index),
    irm: address(0x4000),
    lltv: lltv.toString(),
    totalSupplyAssets: supplied.toString(),
    totalSupplyShares: shares(supplied).toString(),
    totalBorrowAssets: borrowed.toString(),
    totalBorrowShares: shares(borrowed).toString(),
    lastUpdate: String(timestamp - random.between(1, 3 * day)),
    fee: (index % 4 === 0 ? wad / 10n : 0n).toString(),
    price: price.toString(),
    rateAtTarget: String(random.between(100_000_000, 4_000_000_000)),
    positions: [],
  };
  for (let n = 0; n < positions; ++n) {
    // A debt between a few units and a part of the market's, at a health of 0.8 to 3; every 50th without debt.
    const debt = n % 50 === 49 ? 0n : random.amount(random.between(3, 13)) + 1n;
    const limit = (debt * BigInt(random.between(800, 3000))) / 1000n;
    market.positions.push({
      borrowShares: (debt * 900_000n).toString(),
      collateral: ((((limit * wad) / lltv) * 10n ** 36n) / price + 1n).toString(),
    });
  }
  return market;
}

function aavePool(random, accounts) {
  const reserves = [];
  for (let id = 0; id < 30; ++id) {
    const threshold = random.between(6500, 8500);
    reserves.push({
      underlyingAsset: address(0xa000 + id),
      decimals: String([6, 8, 18, 18][id % 4]),
      threshold: String(threshold),
      ltv: String(threshold - 300),
      liquidityIndex: (ray + ray / BigInt(random.between(5, 100))).toString(),
      liquidityRate: ((ray / 1000n) * BigInt(random.between(1, 50))).toString(),
      variableBorrowIndex: (ray + ray / BigInt(random.between(5, 100))).toString(),
      variableBorrowRate: ((ray / 1000n) * BigInt(random.between(10, 90))).toString(),
      lastUpdateTimestamp: String(timestamp - random.between(0, day)),
      price: (random.amount(11) + 10n ** 8n).toString(),
    });
  }
  const emodes = [1, 2, 3].map((id) => {
    const threshold = random.between(9000, 9600);
    return {
      id: String(id),
      threshold: String(threshold),
      ltv: String(threshold - 200),
      collateral: reserves.map((_, reserve) => reserve).filter((reserve) => reserve % 6 === id),
    };
  });
  const scaled = (id, worth) => (worth * 10n ** BigInt(reserves[id].decimals)) / BigInt(reserves[id].price);
  const out = [];
  for (let n = 0; n < accounts; ++n) {
    const balances = new Map();
    const at = (id) => balances.get(id) ?? balances.set(id, { supply: 0n, debt: 0n }).get(id);
    // 100 to 4,000,000 dollars of each collateral.
    const worth = random.amount(random.between(9, 13)) + 10n ** 10n;
    const collaterals = random.between(1, 3);
    for (let k = 0; k < collaterals; ++k) {
      const id = random.between(0, 29);
      at(id).supply = scaled(id, worth);
    }
    const debts = random.between(1, 3);
    for (let k = 0; k < debts; ++k) {
      const id = random.between(0, 29);
      at(id).debt = scaled(id, (worth * BigInt(collaterals * random.between(20, 80))) / BigInt(100 * debts));
    }
    out.push({
      emode: String(random.between(0, 2) === 0 ? random.between(1, 3) : 0),
      balances: [...balances.entries()]
        .sort(([a], [b]) => a - b)
        .map(([reserve, held]) => ({ reserve, supply: held.supply.toString(), debt: held.debt.toString() })),
    });
  }
  return { timestamp: String(timestamp), reserves, emodes, accounts: out };
}

export function makeInput({ seed, markets, positions, accounts }) {
  const random = dice(seed);
  const morpho = [];
  for (let index = 0; index < markets; ++index) {
    morpho.push(morphoMarket(random, index, positions));
  }
  return { seed, timestamp: String(timestamp), morpho, aave: aavePool(random, accounts) };
}
