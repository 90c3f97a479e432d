import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import { undecodable, type Coding } from './body-kind.ts';

/** Output that is allowed whatever the ratio, in bytes. */
const FREE_OUTPUT = 16 * 1024 * 1024;
const MAX_RATIO = 100;
/** Input given to the decompressor at once, so that its output stays small. */
const PIECE = 16 * 1024;

interface Engine extends Transform {
  /** compressed bytes read */
  readonly bytesWritten: number;
}

/**
 * Undoes one content coding piece by piece. Anything that a lenient reader could take differently (data after the
 * end, a missing end, an output of more than 100 times the input beyond 16 MiB) is refused. Frames of zstd may follow
 * each other, as readers accept that.
 */
export class Decoder {
  readonly #coding: Coding;
  readonly #maxOutput: number;
  #engine: Engine | null = null;
  #ended: Promise<'ended'> | null = null;
  #failure: Promise<never> | null = null;
  #outputs: Uint8Array[] = [];
  #input = 0;
  #output = 0;
  #engineInput = 0;
  #isFrameOpen = false;

  /** `maxOutput` in bytes, Infinity: only the ratio counts */
  constructor(coding: Coding, maxOutput: number) {
    this.#coding = coding;
    this.#maxOutput = maxOutput;
  }

  /** Decoded bytes that `chunk` completes. */
  async write(chunk: Uint8Array): Promise<Uint8Array[]> {
    const outputs: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; at += PIECE) {
      const piece = chunk.subarray(at, at + PIECE);
      this.#input += piece.length;
      for (let rest = piece; rest.length > 0;) {
        const used = await this.#feed(rest);
        if (used < rest.length && this.#coding !== 'zstd')
          throw undecodable('data after the end of the encoded body');
        rest = rest.subarray(used);
      }
      outputs.push(...this.#take());
    }
    return outputs;
  }

  /** Checks that the end was reached and gives what was still held. */
  async end(): Promise<Uint8Array[]> {
    const engine = this.#engine;
    if (engine !== null && this.#isFrameOpen) {
      engine.end();
      await Promise.race([this.#ended, this.#failure]);
      this.#isFrameOpen = false;
    }
    return this.#take();
  }

  destroy(): void {
    this.#engine?.destroy();
    this.#engine = null;
  }

  /** Gives bytes to the engine; returns how many it took before its stream ended. */
  async #feed(bytes: Uint8Array): Promise<number> {
    if (!this.#isFrameOpen) this.#open(bytes);
    const engine = this.#engine;
    if (engine === null) throw undecodable('the decoder was destroyed');
    const written = new Promise<'written'>((resolve) => {
      engine.write(bytes, (error) => {
        if (error === null || error === undefined) resolve('written');
      });
    });
    const before = this.#engineInput;
    const result = await Promise.race([written, this.#ended, this.#failure]);
    const total = engine.bytesWritten;
    this.#engineInput = total;
    if (result === 'ended') {
      this.#isFrameOpen = false;
      return total - before;
    }
    return bytes.length;
  }

  #open(first: Uint8Array): void {
    if (this.#engine !== null && this.#coding !== 'zstd')
      throw undecodable('data after the end of the encoded body');
    this.#engine?.destroy();
    const engine: Engine = engineFor(this.#coding, first);
    this.#engine = engine;
    this.#engineInput = 0;
    this.#isFrameOpen = true;
    engine.on('data', (bytes: Uint8Array) => {
      this.#output += bytes.length;
      const limit = Math.min(this.#maxOutput, Math.max(FREE_OUTPUT, this.#input * MAX_RATIO));
      if (this.#output > limit) engine.destroy(undecodable('the body expands beyond the limit'));
      else this.#outputs.push(bytes);
    });
    this.#ended = new Promise((resolve) => engine.once('end', () => resolve('ended')));
    this.#failure = new Promise((_, reject) => {
      engine.once('error', (error) => reject(undecodable('the body is not encoded as it says', error)));
      engine.once('close', () => reject(undecodable('the decoder was destroyed')));
    });
    // whoever waits races against it; alone it must not count as unhandled
    this.#failure.catch(() => undefined);
  }

  #take(): Uint8Array[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}

function engineFor(coding: Coding, first: Uint8Array): Engine {
  switch (coding) {
    case 'gzip':
      return createGunzip();
    case 'deflate':
      // "deflate" means zlib (RFC 9110, section 8.4.1.2), yet raw deflate is sent under that name too
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
  }
}
