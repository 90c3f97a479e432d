import { crc32 } from 'node:zlib';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Base62 of a CRC-32 of `text`, six characters: the check that GitHub and npm put at the end of their tokens. */
export function crc32Base62(text: string): string {
  let value = crc32(text);
  let digits = '';
  for (let i = 0; i < 6; i++) {
    digits = (base62[value % 62] ?? '') + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}

/**
 * Whether the last six characters check the body between prefix and check.
 *
 * Source: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
export function endsWithCrc32(token: string, prefixLength: number): boolean {
  return crc32Base62(token.slice(prefixLength, -6)) === token.slice(-6);
}

/** Whether base64 after a prefix begins as a JSON object with a name in it does. */
export function holdsJson(token: string, prefixLength: number): boolean {
  const start = Buffer.from(token.slice(prefixLength, prefixLength + 24), 'base64url').toString('latin1');
  return /^\{\s*"[A-Za-z_]{1,20}/.test(start);
}

/** Whether the three parts of a JWT are a JSON header with `alg`, a JSON object (or ciphertext), and a signature. */
export function isJwt(token: string): boolean {
  const parts = token.split('.');
  const header = jsonObject(parts[0] ?? '');
  if (header === null || typeof header['alg'] !== 'string') return false;
  if (parts.length === 5) return typeof header['enc'] === 'string';
  return jsonObject(parts[1] ?? '') !== null;
}

function jsonObject(base64url: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
