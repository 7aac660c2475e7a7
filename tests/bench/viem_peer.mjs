// The same reading by viem: what an endpoint answers stands in memory on both sides.
import { createPublicClient, custom, decodeFunctionResult, encodeFunctionResult, multicall3Abi, parseAbi } from 'viem';
import { mainnet } from 'viem/chains';
import { exactHealths, exactPool, shownExact } from './exact_pool.mjs';

const abi = parseAbi([
  'function getUserConfiguration(address) view returns (uint256)',
  'function getUserEMode(address) view returns (uint256)',
  'function scaledBalanceOf(address) view returns (uint256)',
  'function getAssetPrice(address) view returns (uint256)',
  'function getReserveData(address) view returns ((uint256 configuration, uint128 liquidityIndex, uint128 currentLiquidityRate, uint128 variableBorrowIndex, uint128 currentVariableBorrowRate, uint128 currentStableBorrowRate, uint40 lastUpdateTimestamp, uint16 id, address aTokenAddress, address stableDebtTokenAddress, address variableDebtTokenAddress, address interestRateStrategyAddress, uint128 accruedToTreasury, uint128 unbacked, uint128 isolationModeTotalDebt))',
]);
const address = (n) => `0x${n.toString(16).padStart(40, '0')}`;
const pool = address(0x101);
const oracle = address(0x102);
const multicall3 = mainnet.contracts.multicall3.address;

/** A reply to what every wallet is asked first, text to integers: JSON, aggregate3, each result. */
export function decodeWallets(reply) {
  const functions = ['getUserConfiguration', 'getUserEMode'];
  const integers = () => {
    const results = decodeFunctionResult({
      abi: multicall3Abi,
      functionName: 'aggregate3',
      data: JSON.parse(reply).result,
    });
    // The first two say the block.
    return results.slice(2).map(({ success, returnData }, i) => {
      if (!success) {
        throw new Error('a call failed');
      }
      return decodeFunctionResult({ abi, functionName: functions[i % 2], data: returnData });
    });
  };
  return { name: 'decode', run: integers, results: () => integers().map(String) };
}

function configurationWord(account) {
  return account.balances.reduce(
    (word, held) =>
      word |
      (BigInt(held.supply !== '0' ? 2 : 0) << BigInt(2 * held.reserve)) |
      (BigInt(held.debt !== '0' ? 1 : 0) << BigInt(2 * held.reserve)),
    0n,
  );
}

function reserveWords(reserve, id) {
  const configuration =
    BigInt(reserve.ltv) | (BigInt(reserve.threshold) << 16n) | (BigInt(reserve.decimals) << 48n) | (1n << 56n);
  return {
    configuration,
    liquidityIndex: BigInt(reserve.liquidityIndex),
    currentLiquidityRate: BigInt(reserve.liquidityRate),
    variableBorrowIndex: BigInt(reserve.variableBorrowIndex),
    currentVariableBorrowRate: BigInt(reserve.variableBorrowRate),
    currentStableBorrowRate: 0n,
    lastUpdateTimestamp: Number(reserve.lastUpdateTimestamp),
    id,
    aTokenAddress: address(0xb000 + id),
    stableDebtTokenAddress: address(0),
    variableDebtTokenAddress: address(0xc000 + id),
    interestRateStrategyAddress: address(0),
    accruedToTreasury: 0n,
    unbacked: 0n,
    isolationModeTotalDebt: 0n,
  };
}

/** What is asked, with what is answered: the pool, then every wallet with the tokens that it holds or owes. */
function questions({ reserves, accounts }) {
  const out = [];
  const ask = (to, functionName, argument, result) =>
    out.push({ call: { address: to, abi, functionName, args: [argument] }, result });
  reserves.forEach((reserve, id) => {
    ask(pool, 'getReserveData', address(0xa000 + id), reserveWords(reserve, id));
    ask(oracle, 'getAssetPrice', address(0xa000 + id), BigInt(reserve.price));
  });
  accounts.forEach((account, row) => {
    const wallet = address(0x100000 + row);
    ask(pool, 'getUserConfiguration', wallet, configurationWord(account));
    ask(pool, 'getUserEMode', wallet, BigInt(account.emode));
    for (const held of account.balances) {
      if (held.supply !== '0') {
        ask(address(0xb000 + held.reserve), 'scaledBalanceOf', wallet, BigInt(held.supply));
      }
      if (held.debt !== '0') {
        ask(address(0xc000 + held.reserve), 'scaledBalanceOf', wallet, BigInt(held.debt));
      }
    }
  });
  return out;
}

/** The pool of exactHealths() with what was read instead of what the input says. */
function readInto(known, input, read) {
  let next = 0;
  const take = () => read[next++];
  const reserves = known.reserves.map((reserve) => {
    const data = take();
    return {
      ...reserve,
      supplyIndex: data.liquidityIndex,
      supplyRate: data.currentLiquidityRate,
      debtIndex: data.variableBorrowIndex,
      debtRate: data.currentVariableBorrowRate,
      lastUpdate: BigInt(data.lastUpdateTimestamp),
      threshold: (data.configuration >> 16n) & 0xffffn,
      unit: 10n ** ((data.configuration >> 48n) & 0xffn),
      price: take(),
    };
  });
  const accounts = input.accounts.map((account) => {
    const word = take();
    const emode = Number(take());
    const balances = account.balances.map((held) => {
      const supply = held.supply === '0' ? 0n : take();
      const debt = held.debt === '0' ? 0n : take();
      const bits = (word >> BigInt(2 * held.reserve)) & 3n;
      return { reserve: held.reserve, supply: bits & 2n ? supply : 0n, debt: bits & 1n ? debt : 0n };
    });
    return { emode, balances };
  });
  return { ...known, reserves, accounts };
}

/** One batch for all wallets, which knows beforehand what each of them holds, then their health in BigInt. */
export function viemRefresh(input) {
  const asked = questions(input.aave);
  const known = exactPool(input.aave);
  const reply = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    result: encodeFunctionResult({
      abi: multicall3Abi,
      functionName: 'aggregate3',
      result: asked.map(({ call, result }) => ({
        success: true,
        returnData: encodeFunctionResult({ abi, functionName: call.functionName, result }),
      })),
    }),
  });
  let sent = '';
  const client = createPublicClient({
    chain: mainnet,
    transport: custom({
      async request({ method, params }) {
        sent = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
        return JSON.parse(reply).result;
      },
    }),
  });
  const calls = asked.map(({ call }) => call);
  const healths = async () => {
    // A limit that one aggregate3 holds all of it under; by default viem makes many of a kilobyte.
    const read = await client.multicall({
      contracts: calls,
      allowFailure: false,
      batchSize: 1 << 24,
      multicallAddress: multicall3,
    });
    return exactHealths(readInto(known, input.aave, read));
  };
  return {
    name: 'refresh',
    run: healths,
    results: async () => {
      const out = (await healths()).map(shownExact);
      const [{ data }] = JSON.parse(sent).params;
      if (data.length < 2 * 4 * 32 * asked.length) {
        throw new Error('viem did not ask everything in one batch');
      }
      return out;
    },
  };
}
