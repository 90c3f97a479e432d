import { GitGateServerError } from '../errors.ts';

/** Some bytes of one object in the output of `cat-file --batch`. */
export interface BatchPiece {
  readonly oid: string;
  readonly type: 'blob' | 'tree' | 'commit' | 'tag';
  /** announced bytes */
  readonly size: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/** Objects up to this many bytes come in one piece. */
const WHOLE = 1024 * 1024;
const MAX_HEADER = 256;
const header = /^([0-9a-f]{40}|[0-9a-f]{64}) (blob|tree|commit|tag) (\d{1,15})$/;

/**
 * Parses the framing of `git cat-file --batch`: `<oid> <type> <size>LF <bytes> LF`.
 *
 * @throws GitGateServerError `scanner_unavailable` on anything else, such as an object that is missing
 */
export async function* readBatch(chunks: AsyncIterable<Buffer>): AsyncGenerator<BatchPiece> {
  const input = new Input(chunks);
  for (let line = await input.line(); line !== null; line = await input.line()) {
    const [, oid, type, digits] = header.exec(line) ?? [];
    if (oid === undefined || digits === undefined || !isType(type)) {
      throw broken('git could not read an object of the push');
    }
    const size = Number(digits);
    const head = { oid, type, size };
    if (size <= WHOLE) {
      yield { ...head, bytes: await input.take(size), isLast: true };
    } else {
      for (let left = size; left > 0;) {
        const bytes = await input.some(left);
        left -= bytes.length;
        yield { ...head, bytes, isLast: left === 0 };
      }
    }
    if ((await input.take(1))[0] !== 0x0a) throw broken('an object is not as long as git said');
  }
}

function isType(type: string | undefined): type is BatchPiece['type'] {
  return type === 'blob' || type === 'tree' || type === 'commit' || type === 'tag';
}

function broken(message: string): GitGateServerError {
  return new GitGateServerError('scanner_unavailable', message);
}

class Input {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** null: the input ended before the first byte of a line */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#buffer.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#buffer.toString('latin1', 0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      if (this.#buffer.length > MAX_HEADER) throw broken('git could not read an object of the push');
      const more = await this.#next();
      if (more === null && this.#buffer.length === 0) return null;
      if (more === null) throw broken('git stopped in the middle of an object');
      this.#buffer = this.#buffer.length === 0 ? more : Buffer.concat([this.#buffer, more]);
    }
  }

  /** At least one byte, at most `most`. */
  async some(most: number): Promise<Buffer> {
    while (this.#buffer.length === 0) {
      const more = await this.#next();
      if (more === null) throw broken('git stopped in the middle of an object');
      this.#buffer = more;
    }
    const bytes = this.#buffer.subarray(0, most);
    this.#buffer = this.#buffer.subarray(bytes.length);
    return bytes;
  }

  async take(length: number): Promise<Buffer> {
    if (this.#buffer.length >= length) {
      const bytes = this.#buffer.subarray(0, length);
      this.#buffer = this.#buffer.subarray(length);
      return bytes;
    }
    const parts: Buffer[] = [];
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  async #next(): Promise<Buffer | null> {
    const { done, value } = await this.#chunks.next();
    return done === true ? null : value;
  }
}
