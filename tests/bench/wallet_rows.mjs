// What a wallet takes of memory, and how soon the program is there.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { atMost } from './table.mjs';

const bytes = (value) => `${Math.round(value)} B`;
const milliseconds = (value) => `${value.toFixed(1)} ms`;

export async function walletRows(binary, margrave, wallets) {
  const program = path.join(path.dirname(binary), '..', 'margrave');
  const market = JSON.parse(execFileSync(binary, ['held', '100000'], { encoding: 'utf8' }));
  const start = JSON.parse(execFileSync(binary, ['start', program], { encoding: 'utf8' }));
  return [
    atMost('heap of a wallet, in a market of 100,000', market.bytes / market.wallets, 2000, bytes),
    atMost('  in a snapshot of 1,000, all of it', (await margrave.results('snapshot_bytes')) / wallets, 2000, bytes),
    atMost('margrave --help, by the clock', start.ms, 30, milliseconds),
  ];
}
