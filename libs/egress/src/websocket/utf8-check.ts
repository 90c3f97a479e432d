import { isUtf8 } from 'node:buffer';

const nothing = Buffer.alloc(0);

/**
 * Says whether bytes that come in pieces are UTF-8 (RFC 3629). A piece may end inside a character. The first byte that
 * cannot be right is noticed with its piece, so that the answer does not depend on where the pieces were cut.
 */
export class Utf8Check {
  /** the beginning of a character that is not complete yet */
  #open: Buffer = nothing;

  /** false: what came so far cannot become UTF-8 */
  push(bytes: Buffer): boolean {
    let at = 0;
    while (this.#open.length > 0 && at < bytes.length) {
      this.#open = Buffer.concat([this.#open, bytes.subarray(at, at + 1)]);
      at += 1;
      if (!canBecomeCharacter(this.#open)) return false;
      if (this.#open.length === characterLength(this.#open[0])) this.#open = nothing;
    }
    if (at === bytes.length) return true;
    const cut = openFrom(bytes, at);
    if (!isUtf8(bytes.subarray(at, cut))) return false;
    if (cut === bytes.length) return true;
    // a copy: the piece belongs to the caller
    this.#open = Buffer.from(bytes.subarray(cut));
    return canBecomeCharacter(this.#open);
  }

  /** Whether all of it was UTF-8; the next piece begins another text. */
  end(): boolean {
    const isComplete = this.#open.length === 0;
    this.#open = nothing;
    return isComplete;
  }
}

/** Where a character begins that `bytes` do not complete; their length when there is none. */
function openFrom(bytes: Buffer, from: number): number {
  for (let at = bytes.length - 1; at >= Math.max(from, bytes.length - 3); at -= 1) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return characterLength(byte) > bytes.length - at ? at : bytes.length;
  }
  return bytes.length;
}

/** The rules for a second byte depend on the first; of the lowest and the highest continuation one fits each. */
function canBecomeCharacter(start: Buffer): boolean {
  const missing = Math.max(0, characterLength(start[0]) - start.length);
  return [0x80, 0xbf].some((byte) => isUtf8(Buffer.concat([start, Buffer.alloc(missing, byte)])));
}

function characterLength(lead = 0): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
