import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Default size at which a log starts anew, in bytes; one older part is kept. */
export const LOG_BYTES = 4 * 1024 * 1024;

/** A log file that never grows beyond twice its limit. Failing to write it is never a reason to stop. */
export class BoundedLog {
  readonly #path: string;
  readonly #limit: number;
  #file: number | null = null;
  #size = 0;

  constructor(path: string, limit: number = LOG_BYTES) {
    this.#path = path;
    this.#limit = limit;
  }

  /** Appends one line; its own newline is added. */
  line(text: string): void {
    const bytes = Buffer.from(`${text}\n`);
    try {
      this.#file ??= this.#open();
      if (this.#size + bytes.length > this.#limit) this.#rotate();
      if (this.#file !== null) writeSync(this.#file, bytes);
      this.#size += bytes.length;
    } catch {
      // A full disk must not end a bottle that works.
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#size = 0;
    return openSync(this.#path, 'a', 0o600);
  }

  #rotate(): void {
    this.close();
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = this.#open();
  }
}
