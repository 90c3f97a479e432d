import {
  growthOf,
  plainGrowth,
  sizes,
  type Growing,
  type Growth,
} from '../../../../libs/dlp/test/support/growth.ts';
import { growingLayers, growingOthers, growingRules } from '../../../../libs/dlp/test/support/linearity.ts';
import type { BenchRow } from '../bench-row.ts';

/**
 * Whether any rule or layer takes more than its share of time for twice the text, from 256 KiB to 16 MiB, beside a pass
 * that does nothing but read and write.
 */
export async function linearityBench(): Promise<BenchRow[]> {
  const plain = plainGrowth();
  const rows: BenchRow[] = plain.doublings.map((value, i) => ({
    name: `a plain pass over ${sizeOf(i + 1)}`,
    value,
    unit: '× half of it',
    ok: null,
    note: `${Math.round(plain.times[i + 1] ?? 0)} µs`,
  }));
  for (const [what, all] of [
    ['rules', growingRules()],
    ['bodies', growingLayers()],
    ['other detectors', growingOthers()],
  ] as const) {
    rows.push(...rowsOf(what, measured(all, plain), plain));
    await Promise.resolve();
  }
  return rows;
}

function measured(all: Iterable<Growing>, plain: Growth): Growth[] {
  return Array.from(all, (growing) => {
    const growth = growthOf(growing, plain);
    const doublings = growth.doublings.map((ratio) => ratio.toFixed(2)).join(' ');
    process.stderr.write(
      `bench: ${growth.name}: ${doublings}, ${growth.overall.toFixed(0)} × in all, ${growth.mibPerSecond.toFixed(1)} MiB/s${growth.steep.length > 0 ? ', too much' : ''}\n`,
    );
    return growth;
  });
}

function rowsOf(what: string, all: readonly Growth[], plain: Growth): BenchRow[] {
  const steep = all.filter((growth) => growth.steep.length > 0).map((growth) => growth.name);
  const most = (value: (growth: Growth) => number): Growth | undefined =>
    all.toSorted((a, b) => value(b) - value(a))[0];
  const named = `DLP, worst cases of ${all.length} ${what}`;
  const doublings = sizes.slice(1).map((_, i): BenchRow => {
    const worst = most((growth) => growth.doublings[i] ?? 0);
    return {
      ...compared(worst?.doublings[i], plain.doublings[i]),
      name: `${named}, ${sizeOf(i + 1)}`,
      unit: '× half of it',
      note: worst?.name ?? null,
    };
  });
  const longest = most((growth) => growth.overall);
  const slowest = most((growth) => -growth.mibPerSecond);
  return [
    {
      name: `${named}, that grow by more than a plain pass`,
      value: steep.length,
      unit: 'of them',
      budget: '0',
      ok: steep.length === 0 && all.length > 0,
      note: steep.join('; '),
    },
    ...doublings,
    {
      ...compared(longest?.overall, plain.overall),
      name: `${named}, the longest text`,
      unit: '× the shortest',
      note: longest?.name ?? null,
    },
    {
      name: `${named}, the slowest at ${sizeOf(sizes.length - 1)}`,
      value: slowest?.mibPerSecond ?? Number.NaN,
      unit: 'MiB/s',
      ok: null,
      note: slowest?.name ?? null,
    },
  ];
}

function compared(
  value: number | undefined,
  peerValue: number | undefined,
): Pick<BenchRow, 'value' | 'peer' | 'peerValue' | 'ratio' | 'ok'> {
  const measured = value ?? Number.NaN;
  return {
    value: measured,
    peer: 'a plain pass',
    peerValue: peerValue ?? null,
    ratio: peerValue === undefined ? null : measured / peerValue,
    ok: null,
  };
}

function sizeOf(place: number): string {
  const kib = (sizes[place] ?? 0) / 1024;
  return kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`;
}
