import type { Verdict } from './operations.ts';

export interface OperationCounts {
  ok: number;
  /** lost while the proxy was down: nothing else can be expected then */
  excused: number;
  /** cut by a time limit while the machine kept the processes waiting for a core */
  late: number;
  wrong: number;
  /** not over in time */
  hung: number;
}

const KEPT_PROBLEMS = 20;
/** A process that had no core for half of a time limit makes it run out though nobody did anything wrong. */
const LIMIT_MS = 10_000;
const STARVED_MS = LIMIT_MS / 2;

/** When the proxy was down, and what the operations came to. */
export class Tally {
  readonly counts = new Map<string, OperationCounts>();
  readonly problems: string[] = [];
  readonly #starvedSince: (begun: number) => number;
  readonly #outages: Array<{ readonly from: number; to: number }> = [];

  /** @param starvedSince how long one of the processes waited for a core since then, milliseconds */
  constructor(starvedSince: (begun: number) => number) {
    this.#starvedSince = starvedSince;
  }

  /** milliseconds of each outage so far */
  get outages(): number[] {
    return this.#outages.map(({ from, to }) => to - from);
  }

  down(): void {
    this.#outages.push({ from: performance.now(), to: Number.POSITIVE_INFINITY });
  }

  up(): void {
    const last = this.#outages.at(-1);
    if (last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = performance.now();
  }

  record(name: string, begun: number, verdict: Verdict | 'hung'): void {
    const counts = this.of(name);
    if (verdict === 'ok') counts.ok += 1;
    else if (verdict === 'hung') {
      counts.hung += 1;
      this.#problem(`${name}: not over in time`);
    } else if ('lost' in verdict && this.#wasDown(begun)) counts.excused += 1;
    else if (isTimeLimit(verdict) && this.#wasStarved(begun)) counts.late += 1;
    else {
      counts.wrong += 1;
      const after = ((performance.now() - begun) / 1000).toFixed(1);
      const what = 'lost' in verdict ? `the connection was lost (${verdict.lost})` : verdict.wrong;
      this.#problem(`${name}: ${what}, after ${after} s`);
    }
  }

  /** Whether every operation went well so often. */
  isEach(times: number): boolean {
    return [...this.counts.values()].every(({ ok }) => ok >= times);
  }

  of(name: string): OperationCounts {
    const known = this.counts.get(name);
    if (known !== undefined) return known;
    const counts = { ok: 0, excused: 0, late: 0, wrong: 0, hung: 0 };
    this.counts.set(name, counts);
    return counts;
  }

  #wasDown(since: number): boolean {
    return this.#outages.some(({ to }) => to >= since);
  }

  #wasStarved(begun: number): boolean {
    return this.#starvedSince(Math.max(begun, performance.now() - LIMIT_MS)) >= STARVED_MS;
  }

  #problem(text: string): void {
    if (this.problems.length < KEPT_PROBLEMS) this.problems.push(text);
  }
}

/** A cut may be one: nothing can be told any more once an answer has begun. */
function isTimeLimit(verdict: Exclude<Verdict, 'ok'>): boolean {
  return 'lost' in verdict || verdict.isTimeLimit === true;
}
