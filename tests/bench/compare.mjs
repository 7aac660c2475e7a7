// margrave beside its peers, on the same input: first the results must be equal, then both run alternately and the
// medians are compared. What has no peer is held against a limit.
//
//   node compare.mjs BINARY           everything; exit code 1 when results differ or a target is missed
//   node compare.mjs BINARY --check   only the results, on a small input
//   --seed N, --rounds N              other input, more rounds
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkCommonMarket, commonMarketRows, memoryRow, peerTrouble } from './common_market.mjs';
import { differences, equalities } from './equal.mjs';
import { aaveExact } from './exact_pool.mjs';
import { makeInput } from './input.mjs';
import { aaveSummary, morphoEach, morphoOnce } from './peers.mjs';
import { Side } from './side.mjs';
import { growthRows, limitRows, ms, printTable } from './table.mjs';
import { decodeWallets, viemRefresh } from './viem_peer.mjs';
import { walletRows } from './wallet_rows.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    seed: { type: 'string', default: '20260310' },
    rounds: { type: 'string', default: '15' },
  },
});
const [binary] = positionals;
if (binary === undefined) {
  console.error('usage: node compare.mjs BINARY [--check] [--seed N] [--rounds N]');
  process.exit(2);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Milliseconds of CPU, of this process with all its threads. */
async function cpuMs(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

// margrave accrues a market once for all its positions. The third case makes it do what blue-sdk does in the second.
const { exact, close, same } = equalities;
const cases = [
  { peer: morphoOnce, ours: 'morpho_once', equal: exact, label: 'Morpho health, accrued once by both', target: 3 },
  { peer: morphoEach, ours: 'morpho_once', equal: exact, label: 'Morpho health, blue-sdk accrues each', target: 10 },
  { peer: morphoEach, ours: 'morpho_each', equal: exact, label: 'Morpho health, both accrue each', target: null },
  { peer: aaveSummary, ours: 'aave', equal: close, label: 'Aave v3.6 health, formatUserSummary', target: 150 },
  { peer: aaveExact, ours: 'aave', equal: exact, label: 'Aave v3.6 health, BigInt by hand', target: 2 },
  { peer: walletsReply, ours: 'decode', equal: same, label: 'aggregate3 reply to integers, viem', target: 10 },
  { peer: viemRefresh, ours: 'refresh', equal: exact, label: 'refresh of all wallets, viem', target: 8 },
];

/** viem is given the text that margrave was. */
async function walletsReply() {
  return decodeWallets(await margrave.results('wallets_reply'));
}

async function compare(margrave, input, one, rounds) {
  const peer = await one.peer(input);
  const ours = [];
  const theirs = [];
  const ratios = [];
  for (let warmUp = 0; warmUp < 3; ++warmUp) {
    await peer.run();
    await margrave.run(one.ours);
  }
  for (let round = 0; round < rounds; ++round) {
    ours.push(await margrave.run(one.ours));
    theirs.push(await cpuMs(() => peer.run()));
    ratios.push(theirs.at(-1) / ours.at(-1));
  }
  const ratio = median(ratios);
  return {
    label: one.label,
    ours: ms(median(ours)),
    other: ms(median(theirs)),
    ratio: `${ratio.toFixed(1)}x`,
    target: one.target === null ? '' : `${one.target}x`,
    met: one.target === null ? null : ratio >= one.target,
  };
}

const size = options.check
  ? { markets: 8, positions: 100, accounts: 200 }
  : { markets: 50, positions: 200, accounts: 1000 };
const input = makeInput({ seed: Number(options.seed), ...size });
const folder = mkdtempSync(path.join(os.tmpdir(), 'margrave-bench-'));
const file = path.join(folder, 'input.json');
writeFileSync(file, JSON.stringify(input));
const margrave = new Side(binary, ['peer', file]);
let failed = false;
try {
  for (const one of cases) {
    const peer = await one.peer(input);
    const found = differences(one.equal, await margrave.results(one.ours), await peer.results(), input);
    console.log(`${one.label}: ${found.compared} results, ${found.lines.length} differences`);
    found.lines.slice(0, 5).forEach((line) => console.log(`  ${line}`));
    failed ||= found.lines.length !== 0;
  }
  const trouble = peerTrouble();
  if (trouble !== '' && options.check) {
    console.log(`skipped: the fixed point beside numpy: ${trouble}`);
  } else {
    const apart = trouble === '' ? await checkCommonMarket(binary, options.check ? 3_000 : 100_000) : [trouble];
    apart.slice(0, 5).forEach((line) => console.log(`  ${line}`));
    failed ||= apart.length !== 0;
  }
  if (!options.check && !failed) {
    const rows = [];
    for (const one of cases) {
      rows.push(await compare(margrave, input, one, Number(options.rounds)));
    }
    const measured = JSON.parse(
      execFileSync(binary, ['--benchmark_format=json', '--benchmark_min_time=0.5'], {
        maxBuffer: 1 << 26,
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    rows.push(...(await commonMarketRows(binary, Number(options.rounds), { median, ms })));
    rows.push(memoryRow(binary));
    rows.push(...limitRows(measured.benchmarks), ...growthRows(binary, median));
    rows.push(...(await walletRows(binary, margrave, input.aave.accounts.length)));
    console.log(`\n${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}, node ${process.version}; CPU time\n`);
    printTable(rows);
    failed = rows.some((row) => row.met === false);
  }
} finally {
  await margrave.stop();
  rmSync(folder, { recursive: true });
}
process.exit(failed ? 1 : 0);
