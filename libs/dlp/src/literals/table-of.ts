/** 1 for each byte that a class of characters holds. */
export function tableOf(chars: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (chars.test(String.fromCharCode(byte)) ? 1 : 0));
}
