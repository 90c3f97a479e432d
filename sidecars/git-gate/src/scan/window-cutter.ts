/** A part of an object that is scanned as a whole. */
export interface ScanWindow {
  readonly bytes: Buffer;
  /** of its first byte in the object */
  readonly offset: number;
  /** line breaks in the object before it */
  readonly lines: number;
}

/** How far back the start of a window may be moved to the start of a line, in bytes. */
const LINE_REACH = 4096;

/**
 * Cuts an object of any length into windows that overlap, so that whatever is no longer than the overlap stands whole
 * in one of them. A window starts at a line; in a longer line it starts a multiple of four from where the run of base64
 * letters around it began, or decoding would give nothing from there on.
 */
export class WindowCutter {
  readonly #size: number;
  readonly #overlap: number;
  #parts: Buffer[] = [];
  #held = 0;
  #offset = 0;
  #lines = 0;

  /** `size` must be more than `overlap` and the reach for a line together. */
  constructor(options: { readonly size: number; readonly overlap: number }) {
    if (options.size <= options.overlap + 2 * LINE_REACH) throw new RangeError('windows would not advance');
    this.#size = options.size;
    this.#overlap = options.overlap;
  }

  push(bytes: Buffer, isLast: boolean): ScanWindow[] {
    if (isLast && this.#held === 0 && bytes.length <= this.#size) {
      const whole = { bytes, offset: this.#offset, lines: this.#lines };
      this.#reset();
      return bytes.length === 0 ? [] : [whole];
    }
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (this.#held <= this.#size && !isLast) return [];
    const windows: ScanWindow[] = [];
    let rest = Buffer.concat(this.#parts);
    while (rest.length > this.#size) {
      const window = rest.subarray(0, this.#size);
      windows.push({ bytes: window, offset: this.#offset, lines: this.#lines });
      const next = nextStart(window, this.#size - this.#overlap);
      this.#lines += countLines(rest.subarray(0, next));
      this.#offset += next;
      rest = rest.subarray(next);
    }
    if (isLast) {
      if (rest.length > 0) windows.push({ bytes: rest, offset: this.#offset, lines: this.#lines });
      this.#reset();
    } else {
      this.#parts = [rest];
      this.#held = rest.length;
    }
    return windows;
  }

  #reset(): void {
    this.#parts = [];
    this.#held = 0;
    this.#offset = 0;
    this.#lines = 0;
  }
}

export function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

function nextStart(window: Buffer, latest: number): number {
  const line = window.lastIndexOf(0x0a, latest - 1) + 1;
  if (line > latest - LINE_REACH) return line;
  let run = latest;
  while (run > 0 && isBase64(window[run - 1] ?? 0)) run--;
  return latest - ((latest - run) % 4);
}

function isBase64(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2f ||
    byte === 0x2d ||
    byte === 0x5f
  );
}
