import type { KnownSecret } from '@bot-bottle/dlp';
import { alnum, base64Alphabet, digits, hexDigits, lower, randomOf, upper } from './random.ts';

/** Values of the kinds that a bottle holds, made up from the seed. */
export function knownSecretsOf(seed: string): KnownSecret[] {
  const random = randomOf(`secrets ${seed}`);
  const { text } = random;
  const pem = (label: string, length: number): string =>
    `-----BEGIN ${label}-----\n${(text(base64Alphabet, length).match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----`;
  const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const values: Readonly<Record<string, string>> = {
    FORGE_TOKEN: `ghx_${text(alnum, 36)}`,
    MODEL_KEY: `sk-xx-api03-${text(`${alnum}_-`, 95)}`,
    CLOUD_SECRET: text(`${alnum}/+`, 40),
    HEX_KEY: text(hexDigits, 64),
    SHORT_KEY: text(alnum, 16),
    MIDDLE_KEY: text(alnum, 24),
    UPPER_KEY: text(upper + digits, 32),
    LOWER_KEY: text(lower, 28),
    UUID: [8, 4, 4, 4, 12].map((length) => text(hexDigits, length)).join('-'),
    PASSWORD: `${text(alnum, 6)}!${text(alnum, 5)}"&%${text(digits, 2)}'<\\${text(alnum, 6)}`,
    PASSPHRASE: `${text(lower, 7)} ${text(lower, 6)} ${text(lower, 8)} ${text(digits, 4)}`,
    UNICODE: `pä${text(alnum, 8)}ß${text(alnum, 8)}€${text(alnum, 4)}`,
    DATABASE_URL: `postgres://app:${text(alnum, 20)}@db.internal:5432/main`,
    SESSION: `${json({ alg: 'HS256', typ: 'JWT' })}.${json({ sub: text(digits, 9), iat: 1_700_000_000 })}.${text(`${alnum}_-`, 43)}`,
    PRIVATE_KEY: pem('PRIVATE KEY', 400),
    SERVICE_ACCOUNT: JSON.stringify({ id: text(digits, 12), key: pem('PRIVATE KEY', 256) }),
    LONG_TOKEN: text(`${alnum}_-`, 220),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** The fake secrets that are planted. */
export function canariesOf(seed: string): KnownSecret[] {
  const { text } = randomOf(`canaries ${seed}`);
  return [
    { name: 'canary', value: text(alnum, 40) },
    { name: 'canary-hex', value: text(hexDigits, 40) },
  ];
}
