/** Result of undoing escapes once. */
export interface Unescaped {
  readonly bytes: Uint8Array;
  /** for each byte, where it started in the input; only when asked for */
  readonly starts: Uint32Array | null;
  /** whether a backslash stood before another one that begins an escape: two readings are possible */
  readonly isAmbiguous: boolean;
}

/** One escape sequence as read. */
export interface Escape {
  /** byte or code point, negative: stands for nothing */
  value: number;
  /** bytes it takes in the input, 0: not an escape */
  length: number;
  isByte: boolean;
  /** backslashes before the one that begins it, which belong to it if they escape each other */
  before: number;
}

/** Bytes around an escape that are given with it; longer than any spelling of a value that is searched whole. */
const AROUND = 1024;

/** Collects the parts of a text that hold escapes, undone, with what surrounds them. */
export class RegionWriter {
  readonly #input: Uint8Array;
  readonly #out: Uint8Array;
  readonly #starts: Uint32Array | null;
  #length = 0;
  /** end of the last escape in the input, -1 before the first */
  #last = -1;
  #isAmbiguous = false;

  constructor(input: Uint8Array, withStarts: boolean) {
    this.#input = input;
    // an escape never gives more bytes than it takes, and a part is only left out where more than a NUL is saved
    this.#out = new Uint8Array(input.length + 1);
    this.#starts = withStarts ? new Uint32Array(input.length + 1) : null;
  }

  /** Takes an escape that stands for something else than a byte, or may be read in two ways. */
  escape(at: number, escape: Escape): void {
    this.#before(at, at + escape.length);
    if (escape.before > 0) this.#isAmbiguous = true;
    if (escape.value >= 0) this.#value(escape, at);
  }

  /** Takes an escape of one byte. */
  byte(at: number, length: number, value: number): void {
    this.#before(at, at + length);
    this.#byte(value, at);
  }

  finish(): Unescaped {
    if (this.#last >= 0) this.#copy(this.#last, Math.min(this.#input.length, this.#last + AROUND));
    return {
      bytes: this.#out.subarray(0, this.#length),
      starts: this.#starts === null ? null : this.#starts.subarray(0, this.#length),
      isAmbiguous: this.#isAmbiguous,
    };
  }

  /** Writes what stands between the last escape and the one that begins at `at`, or as much of it as is given. */
  #before(at: number, end: number): void {
    if (this.#last < 0) {
      this.#copy(Math.max(0, at - AROUND), at);
    } else if (at - this.#last > 2 * AROUND + 1) {
      this.#copy(this.#last, this.#last + AROUND);
      this.#byte(0, at);
      this.#copy(at - AROUND, at);
    } else {
      this.#copy(this.#last, at);
    }
    this.#last = end;
  }

  #copy(from: number, to: number): void {
    const out = this.#out;
    const input = this.#input;
    let k = this.#length;
    if (to - from > 64) out.set(input.subarray(from, to), k);
    else for (let i = from; i < to; i++) out[k++] = input[i] ?? 0;
    if (this.#starts !== null) for (let i = from; i < to; i++) this.#starts[this.#length + i - from] = i;
    this.#length += to - from;
  }

  #byte(byte: number, from: number): void {
    this.#out[this.#length] = byte;
    if (this.#starts !== null) this.#starts[this.#length] = from;
    this.#length++;
  }

  /** Writes a byte, or a code point as UTF-8. */
  #value({ value, isByte }: Escape, from: number): void {
    if (isByte || value < 0x80) {
      this.#byte(value, from);
    } else if (value < 0x800) {
      this.#byte(0xc0 | (value >> 6), from);
      this.#byte(0x80 | (value & 0x3f), from);
    } else if (value >= 0xdc00 && value < 0xe000 && this.#joinSurrogates(value)) {
      return;
    } else if (value < 0x10000) {
      this.#byte(0xe0 | (value >> 12), from);
      this.#byte(0x80 | ((value >> 6) & 0x3f), from);
      this.#byte(0x80 | (value & 0x3f), from);
    } else if (value <= 0x10ffff) {
      this.#byte(0xf0 | (value >> 18), from);
      this.#byte(0x80 | ((value >> 12) & 0x3f), from);
      this.#byte(0x80 | ((value >> 6) & 0x3f), from);
      this.#byte(0x80 | (value & 0x3f), from);
    }
  }

  /** Makes one character of this and the high surrogate that was written just before. */
  #joinSurrogates(low: number): boolean {
    const at = this.#length - 3;
    const second = this.#out[at + 1] ?? 0;
    if (at < 0 || this.#out[at] !== 0xed || second < 0xa0 || second > 0xaf) return false;
    const high = 0xd000 | ((second & 0x3f) << 6) | ((this.#out[at + 2] ?? 0) & 0x3f);
    const value = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    const from = this.#starts?.[at] ?? 0;
    this.#length = at;
    this.#byte(0xf0 | (value >> 18), from);
    this.#byte(0x80 | ((value >> 12) & 0x3f), from);
    this.#byte(0x80 | ((value >> 6) & 0x3f), from);
    this.#byte(0x80 | (value & 0x3f), from);
    return true;
  }
}
