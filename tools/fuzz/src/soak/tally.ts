import type { Verdict } from './operations.ts';

export interface OperationCounts {
  ok: number;
  /** lost while the proxy was down: nothing else can be expected then */
  excused: number;
  wrong: number;
  /** not over in time */
  hung: number;
}

const KEPT_PROBLEMS = 20;

/** When the proxy was down, and what the operations came to. */
export class Tally {
  readonly counts = new Map<string, OperationCounts>();
  readonly problems: string[] = [];
  readonly #outages: Array<{ readonly from: number; to: number }> = [];

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
    const counts = { ok: 0, excused: 0, wrong: 0, hung: 0 };
    this.counts.set(name, counts);
    return counts;
  }

  #wasDown(since: number): boolean {
    return this.#outages.some(({ to }) => to >= since);
  }

  #problem(text: string): void {
    if (this.problems.length < KEPT_PROBLEMS) this.problems.push(text);
  }
}
