import { setImmediate } from 'node:timers/promises';
import type { DlpScan } from './dlp-scan.ts';
import { KeptFindings } from './kept-findings.ts';
import type { RawFinding, ScannedObject } from './scanned-object.ts';
import { WindowCutter } from './window-cutter.ts';

/** Objects up to 1 MiB are looked at whole; longer ones overlap by the longest span that dlp knows. */
const WINDOW = { size: 1024 * 1024, overlap: 64 * 1024 };
/** Bytes after which other work gets a turn. */
const TURN = 1024 * 1024;

/** Feeds the built-in scanner with objects, and proves before and after that it looks. */
export class DlpObjects {
  readonly #scan: DlpScan;
  readonly #cutter = new WindowCutter(WINDOW);
  readonly #findings = new KeptFindings();
  #sinceTurn = 0;
  scannerMs = 0;

  constructor(scan: DlpScan) {
    this.#scan = scan;
    scan.prove();
  }

  async take(object: ScannedObject, bytes: Buffer, isLast: boolean): Promise<void> {
    for (const window of this.#cutter.push(bytes, isLast)) {
      const started = performance.now();
      for (const finding of this.#scan.scan(object, window)) this.#findings.keep(finding);
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
    return this.#findings.all();
  }
}
