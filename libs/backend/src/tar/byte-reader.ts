import { BackendError } from '../errors.ts';

/** Reads exact numbers of bytes from a stream of chunks. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Between 1 and `max` bytes, null at the end. */
  async some(max: number): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return null;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** Exactly `size` bytes; null when the stream ended before the first one. */
  async take(size: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0;) {
      const part = await this.some(left);
      if (part === null) {
        if (parts.length === 0) return null;
        throw new BackendError('copy_refused', 'the archive from the bottle is broken: it ends early');
      }
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) {
      const part = await this.some(left);
      if (part === null)
        throw new BackendError('copy_refused', 'the archive from the bottle is broken: it ends early');
      left -= part.length;
    }
  }

  /** Reads on to the end, but not past `max` bytes: what follows an archive is padding, or an attempt to keep us busy. */
  async drain(max: number): Promise<void> {
    for (let left = max; left > 0;) {
      const part = await this.some(left);
      if (part === null) return;
      left -= part.length;
    }
  }
}
