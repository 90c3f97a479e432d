import { createInboundScanner, createScanner } from '@bot-bottle/dlp';
import { tokenRules } from '../../src/tokens/rules/index.ts';
import { TokenSearch } from '../../src/tokens/token-search.ts';
import { injectionRules } from '../../src/inbound/injection-rules.ts';
import { seedWords } from '../../src/seed/seed-words.ts';
import { bytes, canary, secret } from './values.ts';
import { worstOfLayers, worstOfRule, type WorstCase } from './worst-cases.ts';

/** Shortest and longest text, in bytes; each one between is twice as long as the one before. */
const SHORTEST = 256 * 1024;
const LONGEST = 16 * 1024 * 1024;
/**
 * What four times the text, and the longest of all against the shortest, may cost: twice their length. Quadratic work
 * costs 16 and 4096 times as much. The rest is for longer texts, which fit into no cache and are never scanned
 * undisturbed on a machine with other work. More is measured again.
 */
const FOURFOLD = 8;
const ALL = (LONGEST / SHORTEST) * 2;
const TRIES = 6;

/** How the processor time of one search grows with its text. */
export interface Growth {
  readonly name: string;
  /** the largest ratio of the times of two texts of which one is four times as long */
  readonly fourfold: number;
  /** the ratio of the times of the longest and the shortest text */
  readonly overall: number;
  /** of the longest text */
  readonly mibPerSecond: number;
  /** whether both ratios are those of linear work */
  readonly isLinear: boolean;
}

type Search = (text: Uint8Array) => unknown;

/** What is measured: each rule with the texts that are hardest for it, and each layer. */
export function* growths(): Generator<Growth> {
  const search = new TokenSearch(tokenRules);
  for (const rule of tokenRules) {
    const shapes = Object.values(worstOfRule(rule));
    // work that is not linear outgrows the rest, so one text can hold every shape
    const make: WorstCase = (size) => shapes.map((shape) => shape(size / shapes.length)).join('\n');
    yield growthOf(`token_patterns/${rule.id}`, make, (text) => search.search(text, 256, () => false));
  }
  const scanner = createScanner({
    detectors: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
    knownSecrets: [{ name: 'A', value: secret }],
    canaries: [{ name: 'B', value: canary }],
    allow: [],
  });
  for (const [name, make] of Object.entries(worstOfLayers))
    yield growthOf(`all layers, ${name}`, make, (text) => scanner.scanBytes(text, 'body'));
  yield* others();
}

function* others(): Generator<Growth> {
  const seeds = createScanner({ detectors: ['seed_phrase'], knownSecrets: [], canaries: [], allow: [] });
  const words: WorstCase = (size) => `${seedWords.toReversed().join(' ')} `.repeat(Math.ceil(size / 13_000));
  yield growthOf('seed_phrase/bip39', words, (text) => seeds.scanBytes(text, 'body'));
  const inbound = createInboundScanner({ detectors: ['prompt_injection'], allow: [] });
  for (const rule of injectionRules) {
    const anchors = `${rule.anchors.join(' ')} `;
    const make: WorstCase = (size) => anchors.repeat(Math.ceil(size / anchors.length));
    yield growthOf(`prompt_injection/${rule.id}`, make, (text) => inbound.scanBytes(text, 'response'));
  }
}

function growthOf(name: string, make: WorstCase, search: Search): Growth {
  const texts: Uint8Array[] = [];
  for (let size = SHORTEST; size <= LONGEST; size *= 2) texts.push(bytes(make(size)));
  search(texts[0] ?? new Uint8Array(0));
  const best = texts.map((text) => cost(text, search));
  for (let attempt = 1; !isLinear(best) && attempt < TRIES; attempt++) {
    texts.forEach((text, i) => (best[i] = Math.min(best[i] ?? 0, cost(text, search))));
  }
  const mib = (texts.at(-1)?.length ?? 0) / 1024 / 1024;
  return {
    name,
    fourfold: Math.max(...fourfolds(best)),
    overall: (best.at(-1) ?? 0) / (best[0] ?? 1),
    mibPerSecond: mib / ((best.at(-1) ?? 0) / 1e6),
    isLinear: isLinear(best),
  };
}

/** Microseconds of processor time; short texts several times, as the clock counts in steps. */
function cost(text: Uint8Array, search: Search): number {
  const rounds = Math.max(1, (2 * 1024 * 1024) / text.length);
  const start = process.cpuUsage();
  for (let round = 0; round < rounds; round++) search(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / rounds;
}

function fourfolds(times: readonly number[]): number[] {
  return times.slice(2).map((time, i) => time / (times[i] ?? 1));
}

function isLinear(times: readonly number[]): boolean {
  const overall = (times.at(-1) ?? 0) / (times[0] ?? 1);
  return fourfolds(times).every((ratio) => ratio <= FOURFOLD) && overall <= ALL;
}
