import { createHash } from 'node:crypto';

/** Lengths of mnemonics in words, longest first. BIP-39. */
export const mnemonicLengths = [24, 21, 18, 15, 12] as const;

/**
 * Whether the words, given as places in the list, end with the checksum of what they stand for: one bit for each three
 * words. One in sixteen random sequences of twelve words does.
 *
 * Source: https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
 */
export function isMnemonic(words: readonly number[]): boolean {
  const checkBits = words.length / 3;
  const entropy = new Uint8Array((words.length * 11 - checkBits) / 8);
  let bits = 0;
  let value = 0;
  let k = 0;
  for (const word of words) {
    value = ((value << 11) | word) & 0x7ffff;
    bits += 11;
    while (bits >= 8 && k < entropy.length) {
      bits -= 8;
      entropy[k++] = (value >> bits) & 0xff;
    }
  }
  const check = value & ((1 << checkBits) - 1);
  const digest = createHash('sha256').update(entropy).digest();
  return (digest[0] ?? 0) >> (8 - checkBits) === check;
}
