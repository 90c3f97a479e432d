import { readFileSync } from 'node:fs';

/**
 * How long processes were ready to run and had no core, by the kernel's count (field 2 of /proc/pid/schedstat, of the main
 * thread): what that makes late is the machine's doing, and no process can shorten or lengthen it by what it does wrong.
 */
export class Starvation {
  readonly #pids: () => readonly number[];
  readonly #last = new Map<number, number>();
  readonly #samples: Array<{ readonly at: number; readonly totals: readonly number[] }> = [];
  #totals: readonly number[] = [];

  /** @param pids the processes now, always in the same order; one may be replaced by another */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
  }

  /** Milliseconds so far, of all processes together. */
  get totalMs(): number {
    return this.#totals.reduce((sum, total) => sum + total, 0);
  }

  /** To be called several times a second. */
  sample(): void {
    this.#totals = this.#pids().map((pid, index) => {
      const total = this.#totals[index] ?? 0;
      const now = runDelayMs(pid);
      if (now === null) return total;
      const before = this.#last.get(pid) ?? now;
      this.#last.set(pid, now);
      return total + Math.max(0, now - before);
    });
    this.#samples.push({ at: performance.now(), totals: this.#totals });
  }

  /** Milliseconds since then, of the process that waited longest; 0 where the kernel does not count. */
  since(begun: number): number {
    const before = this.#samples.findLast(({ at }) => at <= begun)?.totals ?? [];
    return Math.max(0, ...this.#totals.map((total, index) => total - (before[index] ?? 0)));
  }
}

/** null: gone, or not counted */
function runDelayMs(pid: number): number | null {
  try {
    const nanoseconds = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : null;
  } catch {
    return null;
  }
}
