import { GENESIS, sha256 } from './audit-line.ts';
import { headsFile, headsLock } from './audit-paths.ts';
import { acquireLock } from './exclusive-lock.ts';
import { readFileEnd, setTornAside } from './file-end.ts';
import { parseHead, renderHead } from './head-line.ts';
import type { HeadReport } from './head-line.ts';
import { openLineFile, writeWhole } from './line-file.ts';

const LOCK_TIMEOUT_MS = 5_000;

function continuation(lastLine: string | null): { n: number; prev: string } {
  if (lastLine === null) return { n: 0, prev: GENESIS };
  const last = parseHead(lastLine);
  // A damaged last line must not stop every bottle of the machine; verification reports it for ever.
  return last === null ? { n: 0, prev: sha256(lastLine) } : { n: last.n, prev: last.head };
}

/** Appends heads to the file that all bottles share, under its lock. Throws `AuditError` (`locked`) or errno errors. */
async function appendHeads(dir: string, reports: readonly HeadReport[]): Promise<void> {
  const lock = await acquireLock(headsLock(dir), { timeoutMs: LOCK_TIMEOUT_MS });
  try {
    const handle = await openLineFile(headsFile(dir));
    try {
      const end = await readFileEnd(handle);
      if (end.torn.length > 0) await setTornAside(handle, headsFile(dir), end);
      let { n, prev } = continuation(end.lastLine);
      const lines = reports.map((report) => {
        n += 1;
        const rendered = renderHead({ n, ...report, prev });
        prev = rendered.head;
        return `${rendered.text}\n`;
      });
      await writeWhole(handle, Buffer.from(lines.join('')), end.completeBytes);
      if (reports.some((report) => report.final)) await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await lock.release();
  }
}

/** Queue of heads of one bottle. Events do not wait for it, but while it fails no more events are accepted. */
export class HeadsWriter {
  readonly #dir: string;
  #queue: HeadReport[] = [];
  #running: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  push(report: HeadReport): void {
    // A newer head of a chain covers the older ones, so a queue that cannot be written stays short.
    this.#queue = this.#queue.filter((queued) => queued.layer !== report.layer || queued.final);
    this.#queue.push(report);
    this.#run().catch(() => undefined);
  }

  /** Resolves at once when the last write worked, else tries again. Rejects with why it cannot be written. */
  async ensureWritable(): Promise<void> {
    if (this.#failure !== null) await this.#run();
  }

  /** Resolves when every head is written. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#running !== null) await this.#run();
  }

  #run(): Promise<void> {
    this.#running ??= this.#write().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const reports = this.#queue;
      this.#queue = [];
      try {
        await appendHeads(this.#dir, reports);
        this.#failure = null;
      } catch (error) {
        this.#failure = error;
        const newer = new Set(this.#queue.map((report) => report.layer));
        this.#queue = [...reports.filter((report) => !newer.has(report.layer)), ...this.#queue];
        throw error;
      }
    }
    this.#failure = null;
  }
}
