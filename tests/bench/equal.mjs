// Whether margrave's results are a peer's.

/** Integers of the contract: equal or wrong. */
function exact(ours, theirs) {
  return Object.keys(theirs)
    .filter((key) => ours[key] !== theirs[key])
    .map((key) => `${key} ${ours[key]}, the peer has ${theirs[key]}`);
}

// math-utils keeps decimals where the contract cuts balances to base units and values to units of base currency, does
// not cut the average threshold (nor does the contract since 3.5), and compounds by the binomial of before 3.4, which
// a day after the last update is the same to 1e-12. So healths may be apart by what a base unit and a unit of base
// currency of every leg are worth beside the account.
function aaveTolerance(debt, account, reserves) {
  const slack = account.balances
    .map(({ reserve }) => Number(reserves[reserve].price) / 10 ** Number(reserves[reserve].decimals) + 1)
    .reduce((sum, one) => sum + one, 0);
  // Of the debt, and of a limit that is a third of it at least in these inputs.
  return 1e-11 + (4 * slack) / debt;
}

function close(ours, theirs, row, input) {
  if (ours.health_factor === null) {
    return theirs === '-1' ? [] : [`no debt, the peer has ${theirs}`];
  }
  const mine = Number(ours.health_factor) / 1e18;
  const apart = Math.abs(Number(theirs) / mine - 1);
  return apart <= aaveTolerance(Number(ours.debt), input.aave.accounts[row], input.aave.reserves)
    ? []
    : [`health ${mine}, the peer has ${theirs}: ${apart} apart`];
}

/** Two lists of integers as text. */
const same = (ours, theirs) => (ours === theirs ? [] : [`${ours}, the peer has ${theirs}`]);

export const equalities = { exact, close, same };

/** `equal` is one of equalities. */
export function differences(equal, ours, theirs, input) {
  if (ours.length !== theirs.length || ours.length === 0) {
    return { compared: 0, lines: [`${ours.length} results, the peer has ${theirs.length}`] };
  }
  const lines = ours.flatMap((one, row) => equal(one, theirs[row], row, input).map((line) => `position ${row}: ${line}`));
  return { compared: ours.length, lines };
}

/** Two programs add up in different orders: prices and bad debt to 1e-9, everyone who fell, every round. */
export function fixedPointsApart(ours, theirs) {
  if (ours.length !== theirs.length || ours.length === 0) {
    return { compared: 0, lines: [`${ours.length} scenarios, the peer has ${theirs.length}`] };
  }
  const isClose = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1);
  const lines = ours.flatMap((one, i) => {
    const other = theirs[i];
    const out = ['fallen', 'rounds']
      .filter((key) => one[key] !== other[key])
      .map((key) => `scenario ${i}: ${key} ${one[key]}, the peer has ${other[key]}`);
    if (one.prices.length !== other.prices.length || !one.prices.every((price, j) => isClose(price, other.prices[j]))) {
      out.push(`scenario ${i}: prices ${one.prices}, the peer has ${other.prices}`);
    }
    return isClose(one.bad_debt, other.bad_debt)
      ? out
      : [...out, `scenario ${i}: bad debt ${one.bad_debt}, the peer has ${other.bad_debt}`];
  });
  return { compared: ours.length, lines };
}
