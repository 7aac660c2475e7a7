// Rows of the table that the comparison ends with.
import { execFileSync } from 'node:child_process';

export const ms = (value) => (value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`);

const times = (value) => `${value.toFixed(1)}x`;

const scale = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000 };

export const atMost = (label, value, most, show) => ({
  label,
  ours: show(value),
  other: show(most),
  ratio: `${(most / value).toFixed(1)}x`,
  target: 'at most',
  met: value <= most,
});

/** What stands against a limit, out of Google Benchmark's report. */
export function limitRows(benchmarks) {
  const find = (name) => {
    const found = benchmarks.find(
      (one) => one.name === name || one.name.startsWith(`${name}/process_time`) || one.name.startsWith(`${name}/real_time`),
    );
    if (found === undefined) {
      throw new Error(`the bench has no ${name}`);
    }
    return found;
  };
  const took = (name) => find(name).cpu_time * scale[find(name).time_unit];
  const limit = (label, name, limitMs) => ({
    label,
    ours: ms(took(name)),
    other: ms(limitMs),
    ratio: `${(limitMs / took(name)).toFixed(1)}x`,
    target: 'at most',
    met: took(name) <= limitMs,
  });
  const bandwidth = find('book_health/1').bytes_per_second / find('memory_triad').bytes_per_second;
  const gigabytes = (name) => `${(find(name).bytes_per_second / 1e9).toFixed(1)} GB/s`;
  const linear = (label, name, suffix) => {
    const growth = took(`${name}/40000${suffix}`) / took(`${name}/10000${suffix}`);
    return {
      label,
      ours: ms(took(`${name}/40000${suffix}`)),
      other: ms(took(`${name}/10000${suffix}`)),
      ratio: `${growth.toFixed(2)}x`,
      target: '4x, within 25 %',
      met: growth <= 5,
    };
  };
  const us = (value) => `${(1000 * value).toFixed(2)} us`;
  const growth = (label, name, many, few) => {
    const each = (count) => took(`${name}/${count}`) / count;
    const ratio = each(many) / each(few);
    return {
      label,
      ours: us(each(many)),
      other: us(each(few)),
      ratio: `${ratio.toFixed(2)}x`,
      target: '1x, within 25 %',
      met: ratio <= 1.25,
    };
  };
  const wall = (name) => find(name).real_time * scale[find(name).time_unit];
  const first = took('fixed_point_rounds/1');
  const further = (took('fixed_point_rounds/5') - first) / 4;
  return [
    atMost('  1,000 scenarios on two cores, by the clock', wall('fixed_point_scenarios/1000/2'), 2000, ms),
    atMost('  a further round, part of the first', further / first, 0.2, (part) => `${(100 * part).toFixed(0)} %`),
    growth('exact Aave health of 100,000 against 100, each', 'aave_exact_health/36', 100_000, 100),
    growth('  against 1,000, each', 'aave_exact_health/36', 100_000, 1000),
    limit('fast health, 100,000 borrowers, one core', 'book_health/1', 3),
    {
      label: '  of what a triad gets from memory',
      ours: gigabytes('book_health/1'),
      other: gigabytes('memory_triad'),
      ratio: `${(100 * bandwidth).toFixed(0)} %`,
      target: '',
      met: null,
    },
    limit('Aave 3.0 liquidation prices, 10,000 accounts', 'aave_liquidation_prices/10000/30', 1000),
    linear('  40,000 against 10,000', 'aave_liquidation_prices', '/30'),
    limit('Aave 3.6 liquidation prices, 10,000 accounts', 'aave_liquidation_prices/10000/36', 1000),
    linear('  40,000 against 10,000', 'aave_liquidation_prices', '/36'),
    limit('Morpho liquidation prices, 10,000 accounts', 'morpho_liquidation_prices/10000', 1000),
    linear('  40,000 against 10,000', 'morpho_liquidation_prices', ''),
  ];
}

/** How the time of a whole market grows with it: medians of several processes, as what others do with
 * the caches meanwhile is as much as the difference. */
export function growthRows(binary, median) {
  const processes = Array.from({ length: 7 }, () =>
    JSON.parse(
      execFileSync(
        binary,
        ['--benchmark_filter=^fixed_point(_in_turn)?/', '--benchmark_format=json', '--benchmark_min_time=0.2'],
        { maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    ),
  );
  const took = (name) => median(processes.map(({ benchmarks }) => benchmarks.find((one) => one.name === name).cpu_time));
  const million = took('fixed_point/1000000');
  return [
    atMost('a million borrowers against ten markets of 100,000 in turn, each', million / took('fixed_point_in_turn/100000'), 11, times),
    atMost('  against one of 100,000 that stays in the cache', million / took('fixed_point/100000'), 11, times),
  ];
}

export function printTable(rows) {
  const lines = [
    ['case', 'margrave', 'peer or limit', 'ratio', 'target', 'met'],
    ...rows.map((row) => [
      row.label,
      row.ours,
      row.other,
      row.ratio,
      row.target,
      row.met === null ? '' : row.met ? 'yes' : 'NO',
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  for (const line of lines) {
    console.log(line.map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]))).join('  '));
  }
}
