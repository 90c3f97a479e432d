const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/**
 * Whether a text is Bech32 with a right checksum: a readable part, `1`, data, in one case.
 *
 * Source: https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki
 */
export function isBech32(text: string): boolean {
  const folded = text.toLowerCase();
  if (text !== folded && text !== text.toUpperCase()) return false;
  const separator = folded.lastIndexOf('1');
  if (separator < 1 || folded.length - separator < 7) return false;
  const readable = Array.from(folded.slice(0, separator), (char) => char.charCodeAt(0));
  const data = Array.from(folded.slice(separator + 1), (char) => alphabet.indexOf(char));
  if (data.includes(-1)) return false;
  const values = [...readable.map((code) => code >> 5), 0, ...readable.map((code) => code & 31), ...data];
  return checksum(values) === 1;
}

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    generators.forEach((generator, bit) => {
      if (((top >> bit) & 1) === 1) sum ^= generator;
    });
  }
  return sum >>> 0;
}
