import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Deterministic characters of an alphabet. */
export function chars(alphabet: string, length: number, seed: string): string {
  let text = '';
  for (let block = 0; text.length < length; block += 1) {
    for (const byte of createHash('sha512').update(`${seed} ${block}`).digest()) {
      text += alphabet[byte % alphabet.length] ?? '';
    }
  }
  return text.slice(0, length);
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const hex = '0123456789abcdef';
const alphanumeric = digits + lower + upper;
const base32 = `${upper}234567`;

/** GitHub's and npm's tokens end in a check of what stands before it. */
function withCheck(prefix: string, seed: string): string {
  const body = chars(alphanumeric, 30, seed);
  let value = crc32(body);
  let check = '';
  for (let place = 0; place < 6; place += 1) {
    check = ((digits + upper + lower)[value % 62] ?? '') + check;
    value = Math.floor(value / 62);
  }
  return prefix + body + check;
}

const bech32Letters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** Text with the check of BIP 173 at its end. */
function bech32(prefix: string, data: string): string {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const codes = [...Buffer.from(prefix)];
  const values = Array.from(data, (letter) => bech32Letters.indexOf(letter));
  let check = 1;
  const all = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...values];
  for (const value of [...all, 0, 0, 0, 0, 0, 0]) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of generators.entries()) if ((top >> bit) & 1) check ^= generator;
  }
  const end = [5, 4, 3, 2, 1, 0].map((place) => bech32Letters[((check ^ 1) >>> (5 * place)) & 31] ?? '');
  return `${prefix}1${data}${end.join('')}`;
}

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Vendor → a value of its format for a seed. Put together when the tests run, so that nothing in this repository
 * looks like a credential; every format is one that gitleaks' default rules and `@bot-bottle/dlp` both know.
 */
export const vendors = {
  github: (seed: string) => withCheck('ghp_', seed),
  'github-app': (seed: string) => withCheck('ghs_', seed),
  'github-fine-grained': (seed: string) =>
    `github_pat_${chars(alphanumeric, 22, seed)}_${chars(alphanumeric, 59, `${seed}b`)}`,
  gitlab: (seed: string) => `glpat-${chars(alphanumeric, 20, seed)}`,
  'gitlab-trigger': (seed: string) => `glptt-${chars(hex, 40, seed)}`,
  npm: (seed: string) => withCheck('npm_', seed),
  pypi: (seed: string) => `pypi-${'AgEIcHlwaS5vcmc'}${chars(alphanumeric, 120, seed)}`,
  rubygems: (seed: string) => `rubygems_${chars(hex, 48, seed)}`,
  anthropic: (seed: string) => `sk-ant-${'api03'}-${chars(alphanumeric, 93, seed)}AA`,
  openai: (seed: string) =>
    `sk-proj-${chars(alphanumeric, 74, seed)}${'T3Blbk'}FJ${chars(alphanumeric, 74, `${seed}b`)}`,
  'hugging-face': (seed: string) => `hf_${chars(lower + upper, 34, seed)}`,
  // without a digit, which one of 28 real ones lacks, `@bot-bottle/dlp` takes it for a word
  aws: (seed: string) => `AKIA${chars(base32, 15, seed)}4`,
  google: (seed: string) => `AIza${chars(alphanumeric, 35, seed)}`,
  digitalocean: (seed: string) => `dop_v1_${chars(hex, 64, seed)}`,
  vault: (seed: string) => `hvs.${chars(alphanumeric, 95, seed)}`,
  terraform: (seed: string) =>
    `${chars(alphanumeric, 14, seed)}.atlasv1.${chars(alphanumeric, 67, `${seed}b`)}`,
  databricks: (seed: string) => `dapi${chars(hex, 32, seed)}`,
  age: (seed: string) => bech32('age-secret-key-', chars(bech32Letters, 52, seed)).toUpperCase(),
  slack: (seed: string) =>
    `xoxb-${chars(digits, 12, seed)}-${chars(digits, 12, `${seed}b`)}-${chars(alphanumeric, 24, seed)}`,
  'slack-webhook': (seed: string) =>
    `https://hooks.slack.com/services/T${chars(upper, 9, seed)}/B${chars(upper, 9, `${seed}b`)}/${chars(alphanumeric, 24, seed)}`,
  stripe: (seed: string) => `sk_live_${chars(alphanumeric, 24, seed)}`,
  shopify: (seed: string) => `shpat_${chars(hex, 32, seed)}`,
  sendgrid: (seed: string) => `SG.${chars(alphanumeric, 22, seed)}.${chars(alphanumeric, 43, `${seed}b`)}`,
  twilio: (seed: string) => `SK${chars(hex, 32, seed)}`,
  grafana: (seed: string) => `glsa_${chars(alphanumeric, 32, seed)}_${chars(hex, 8, seed)}`,
  linear: (seed: string) => `lin_api_${chars(lower + digits, 40, seed)}`,
  postman: (seed: string) => `PMAK-${chars(hex, 24, seed)}-${chars(hex, 34, `${seed}b`)}`,
  dynatrace: (seed: string) => `dt0c01.${chars(base32, 24, seed)}.${chars(base32, 64, `${seed}b`)}`,
  jwt: (seed: string) =>
    `${json({ alg: 'HS256', typ: 'JWT' })}.${json({ sub: seed, name: 'somebody' })}.${chars(alphanumeric, 43, seed)}`,
  'private-key': (seed: string) => {
    const lines = Array.from({ length: 8 }, (_, line) => chars(`${alphanumeric}+/`, 64, `${seed}${line}`));
    return `-----BEGIN ${'PRIVATE'} KEY-----\n${lines.join('\n')}\n-----END ${'PRIVATE'} KEY-----`;
  },
} as const satisfies Record<string, (seed: string) => string>;
export type Vendor = keyof typeof vendors;

export function fakeSecret(seed: string, vendor: Vendor = 'github'): string {
  return vendors[vendor](seed);
}

/** A value without any format, as a canary or an environment variable of the bottle has it. */
export function plainValue(seed: string): string {
  return chars(alphanumeric, 40, seed);
}
