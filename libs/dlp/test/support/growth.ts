import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Shortest and longest text, in bytes; each one between is twice as long as the one before. */
const SHORTEST = 256 * 1024;
const LONGEST = 16 * 1024 * 1024;
/** Bytes that are searched at least for one figure, as the clock counts in steps. */
const AT_LEAST = 1024 * 1024;
/** What twice the text may cost, where the plain pass takes twice as long for it too: 5 % are the clock's. */
const TWOFOLD = 2.1;
/** Figures of each size, of which the least counts: the shorter the text the more. */
const LEAST = 2;
const MOST = 6;
/** How often they are taken again at most where that seems too much. */
const TRIES = 12;
/** How many times as often the plain pass is measured. */
const PLAIN = 8;
/** Texts that are searched before anything is measured, so that it is compiled. */
const WARM = 4;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** Lengths of the texts, in bytes. */
export const sizes: readonly number[] = Array.from(
  { length: Math.log2(LONGEST / SHORTEST) + 1 },
  (_, i) => SHORTEST * 2 ** i,
);

/** Something that is searched, in texts made for it. */
export interface Growing {
  readonly name: string;
  /** a text of about so many bytes */
  readonly make: (size: number) => Uint8Array;
  readonly search: (text: Uint8Array) => unknown;
}

/** How the processor time of one search grows with its text. */
export interface Growth {
  readonly name: string;
  /** microseconds for each of `sizes` */
  readonly times: readonly number[];
  /** the time for each size but the first over that for half of it */
  readonly doublings: readonly number[];
  /** the time of the longest text over that of the shortest */
  readonly overall: number;
  /** of the longest text */
  readonly mibPerSecond: number;
  /** sizes, in bytes, that take too much more than half of them and for each byte more than any shorter one */
  readonly steep: readonly number[];
}

/** What a machine takes for reading a text once and writing it to new memory: no search of it can take less. */
export function plainGrowth(): Growth {
  const make = (size: number): Uint8Array => new Uint8Array(size).fill(0x61);
  return growthOf({ name: 'a plain pass', make, search: plainPass }, null);
}

/** `plain`: what is the machine's; null: it is being measured */
export function growthOf({ name, make, search }: Growing, plain: Growth | null): Growth {
  const texts = sizes.map(make);
  const measured = texts.map((text) => text.length);
  const best = texts.map(() => Number.POSITIVE_INFINITY);
  const measure = (i: number): void => {
    const text = texts[i];
    if (text !== undefined) best[i] = Math.min(best[i] ?? 0, cost(text, search));
  };
  // no search pays for what was left before, and none is measured before it is compiled
  if (typeof collectGarbage === 'function') collectGarbage();
  for (const text of texts.slice(0, WARM)) cost(text, search);
  const more = plain === null ? PLAIN : 1;
  for (let round = 0; round < MOST * more; round++)
    texts.forEach((text, i) => {
      if (round < roundsOf(text) * more) measure(i);
    });
  const steep = (): number[] => steepSteps(best, measured, plain);
  for (let attempt = 0; attempt < TRIES && plain !== null && steep().length > 0; attempt++) {
    for (const i of new Set(steep().flatMap((step) => [step - 1, step]))) measure(i);
  }
  const [longest = 0] = measured.slice(-1);
  const last = best.at(-1) ?? 0;
  return {
    name,
    times: best,
    doublings: doublingsOf(best),
    overall: last / (best[0] ?? 1),
    mibPerSecond: longest / 1024 / 1024 / (last / 1e6),
    steep: steep().map((step) => sizes[step] ?? 0),
  };
}

function doublingsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => time / (times[i] ?? 1));
}

/**
 * Places in `sizes` that take too much more than the one before, and more for each byte than any shorter text: what is
 * bounded (findings, tries, where 64 places of a text tell what it is) makes steps in a line, not a curve.
 */
function steepSteps(times: readonly number[], lengths: readonly number[], plain: Growth | null): number[] {
  const perByte = times.map((time, i) => time / (lengths[i] ?? 1));
  return doublingsOf(perByte).flatMap((ratio, i) => {
    const machine = Math.max(1, (plain?.doublings[i] ?? 2) / 2);
    const before = Math.max(...perByte.slice(0, i + 1));
    const most = (TWOFOLD / 2) * machine;
    return ratio > most && (perByte[i + 1] ?? 0) > most * before ? [i + 1] : [];
  });
}

function roundsOf(text: Uint8Array): number {
  return Math.max(LEAST, Math.min(MOST, (8 * AT_LEAST) / text.length));
}

/** Microseconds of processor time. */
function cost(text: Uint8Array, search: Growing['search']): number {
  const rounds = Math.ceil(AT_LEAST / text.length);
  const start = process.cpuUsage();
  for (let round = 0; round < rounds; round++) search(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / rounds;
}

function plainPass(text: Uint8Array): number {
  const copy = new Uint8Array(text.length);
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] ?? 0;
    copy[i] = byte;
    sum += byte;
  }
  return sum + copy.length;
}
