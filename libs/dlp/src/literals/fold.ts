/** Makes letters equal in either case; other characters may become equal too, so a comparison must follow. */
export function foldByte(byte: number): number {
  return byte | 0x20;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Whether `literal` stands at `start` in `text`. */
export function sameBytes(text: Uint8Array, start: number, literal: Uint8Array, anyCase: boolean): boolean {
  if (start < 0 || start + literal.length > text.length) return false;
  for (let i = 0; i < literal.length; i++) {
    const a = text[start + i] ?? 0;
    const b = literal[i] ?? 0;
    if (a !== b && !(anyCase && lower(a) === lower(b))) return false;
  }
  return true;
}
