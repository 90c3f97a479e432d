import { form, type EncodedForm } from './encoded-form.ts';

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Base64 of `value` at the three byte offsets it can have inside a longer text, cut to the characters that the
 * value alone determines, so that neighbours and padding do not matter. The URL alphabet is added where it differs.
 */
export function base64Cores(value: Uint8Array): EncodedForm[] {
  const cores: EncodedForm[] = [];
  for (let offset = 0; offset < 3; offset++) {
    const padded = Buffer.concat([Buffer.alloc(offset), value]).toString('base64');
    const core = padded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + value.length) * 8) / 6));
    cores.push(form(`base64+${offset}`, core));
    const url = core.replaceAll('+', '-').replaceAll('/', '_');
    if (url !== core) cores.push(form(`base64url+${offset}`, url));
  }
  return cores;
}

/** The same for base32 (RFC 4648), which has five offsets and no case. */
export function base32Cores(value: Uint8Array): EncodedForm[] {
  return Array.from({ length: 5 }, (_, offset) => {
    const text = base32(Buffer.concat([Buffer.alloc(offset), value]));
    const core = text.slice(Math.ceil((offset * 8) / 5), Math.floor(((offset + value.length) * 8) / 5));
    return form(`base32+${offset}`, core, true);
  });
}

function base32(bytes: Uint8Array): string {
  const text = Buffer.alloc(Math.floor((bytes.length * 8) / 5));
  let k = 0;
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text[k++] = base32Alphabet.charCodeAt((value >> bits) & 31);
    }
  }
  return text.toString('latin1');
}
