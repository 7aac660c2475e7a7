// What a wallet takes of memory, and how soon the program is there.
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { atMost } from './table.mjs';

const bytes = (value) => `${Math.round(value)} B`;
const milliseconds = (value) => `${value.toFixed(1)} ms`;

/** By the clock, from starting the process to its end. */
function helpMs(program) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(program, ['--help'], { stdio: 'ignore' });
  if (status !== 0) {
    throw new Error(`${program} --help ends with ${status}`);
  }
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export async function walletRows(binary, margrave, wallets, median) {
  const program = path.join(path.dirname(binary), '..', 'margrave');
  const market = JSON.parse(execFileSync(binary, ['held', '100000'], { encoding: 'utf8' }));
  const starts = Array.from({ length: 20 }, () => helpMs(program));
  return [
    atMost('heap of a wallet, in a market of 100,000', market.bytes / market.wallets, 2000, bytes),
    atMost('  in a snapshot of 1,000, all of it', (await margrave.results('snapshot_bytes')) / wallets, 2000, bytes),
    atMost('margrave --help, by the clock', median(starts), 30, milliseconds),
  ];
}
