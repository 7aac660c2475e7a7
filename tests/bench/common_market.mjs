// The fixed point of a whole market beside numpy and OpenBLAS on the same market: margrave_bench draws it and writes it
// down, common_peer.py reads it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixedPointsApart } from './equal.mjs';
import { Side } from './side.mjs';

const scenariosInBatch = 64;

const cases = [
  { name: 'single', label: 'fixed point of 100,000 borrowers, numpy', target: 4, scenarios: 1 },
  { name: 'batch', label: '  64 scenarios, each', target: 6, scenarios: scenariosInBatch },
];

/** Debian's own python has Debian's numpy; another in the path may not. */
const python = process.env.PYTHON ?? '/usr/bin/python3';
const program = fileURLToPath(new URL('common_peer.py', import.meta.url));

/** "" where the peer can run. */
export function peerTrouble() {
  return spawnSync(python, ['-c', 'import numpy']).status === 0 ? '' : `${python} has no numpy: install python3-numpy`;
}

/** Calls `use` with both sides, ready. */
async function withSides(binary, borrowers, use) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margrave-common-'));
  const margrave = new Side(binary, ['common', folder, String(borrowers)]);
  let peer;
  try {
    await margrave.next(); // the market is written
    // One core for either side.
    peer = new Side(python, [program, folder], { OPENBLAS_NUM_THREADS: '1' });
    await peer.next();
    return await use(margrave, peer);
  } finally {
    await margrave.stop();
    await peer?.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Lines that say where results differ; prints how many were compared. */
export function checkCommonMarket(binary, borrowers) {
  return withSides(binary, borrowers, async (margrave, peer) => {
    const lines = [];
    for (const one of cases) {
      const found = fixedPointsApart(await margrave.results(one.name), await peer.results(one.name));
      console.log(`${one.label.trim()}: ${found.compared} results, ${found.lines.length} differences`);
      lines.push(...found.lines);
    }
    return lines;
  });
}

/** Rows of the table: both run alternately. */
export function commonMarketRows(binary, rounds, { median, ms }) {
  return withSides(binary, 100_000, async (margrave, peer) => {
    const rows = [];
    for (const one of cases) {
      const ours = [];
      const theirs = [];
      for (let round = -1; round < rounds; ++round) {
        const [mine, other] = [await margrave.run(one.name), await peer.run(one.name)];
        if (round >= 0) {
          ours.push(mine / one.scenarios);
          theirs.push(other / one.scenarios);
        }
      }
      const ratio = median(theirs.map((other, i) => other / ours[i]));
      rows.push({
        label: one.label,
        ours: ms(median(ours)),
        other: ms(median(theirs)),
        ratio: `${ratio.toFixed(1)}x`,
        target: `${one.target}x`,
        met: ratio >= one.target,
      });
    }
    return rows;
  });
}

/** What a million borrowers take of memory, the whole process. */
export function memoryRow(binary) {
  const limitMib = 256;
  const { peak_kib: peak } = JSON.parse(execFileSync(binary, ['memory', '1000000'], { encoding: 'utf8' }));
  return {
    label: '  memory for a million borrowers, at the peak',
    ours: `${(peak / 1024).toFixed(0)} MiB`,
    other: `${limitMib} MiB`,
    ratio: '',
    target: 'at most',
    met: peak <= limitMib * 1024,
  };
}
