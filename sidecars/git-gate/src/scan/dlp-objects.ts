import { setImmediate } from 'node:timers/promises';
import { GitGateServerError } from '../errors.ts';
import type { DlpScan } from './dlp-scan.ts';
import { MAX_FINDINGS, type RawFinding, type ScannedObject } from './scanned-object.ts';
import { WindowCutter } from './window-cutter.ts';

/** Objects up to 1 MiB are looked at whole; longer ones overlap by the longest span that dlp knows. */
const WINDOW = { size: 1024 * 1024, overlap: 64 * 1024 };
/** Bytes after which other work gets a turn. */
const TURN = 1024 * 1024;

/** Feeds the built-in scanner with objects, and proves before and after that it looks. */
export class DlpObjects {
  readonly #scan: DlpScan;
  readonly #cutter = new WindowCutter(WINDOW);
  readonly #findings = new Map<string, RawFinding>();
  #sinceTurn = 0;
  scannerMs = 0;

  constructor(scan: DlpScan) {
    this.#scan = scan;
    scan.prove();
  }

  async take(object: ScannedObject, bytes: Buffer, isLast: boolean): Promise<void> {
    for (const window of this.#cutter.push(bytes, isLast)) {
      const started = performance.now();
      for (const finding of this.#scan.scan(object, window)) this.#keep(finding);
      this.scannerMs += performance.now() - started;
      this.#sinceTurn += window.bytes.length;
      if (this.#sinceTurn >= TURN) {
        this.#sinceTurn = 0;
        await setImmediate();
      }
    }
  }

  finish(): readonly RawFinding[] {
    this.#scan.prove();
    return [...this.#findings.values()];
  }

  #keep(finding: RawFinding): void {
    const { rule, sha256, object, start } = finding;
    const key = `${rule} ${sha256} ${object.oid ?? object.type} ${start ?? ''}`;
    // windows overlap; the first one shows more of what stands before
    if (!this.#findings.has(key)) this.#findings.set(key, finding);
    if (this.#findings.size > MAX_FINDINGS) {
      throw new GitGateServerError('limit_exceeded', 'the push holds too many things that look like secrets');
    }
  }
}
