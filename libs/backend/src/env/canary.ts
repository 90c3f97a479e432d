import { randomBytes, randomInt } from 'node:crypto';

/** A fake secret: nothing uses it, so its leaving the bottle means that somebody dumped the environment. */
export interface Canary {
  /** env name */
  readonly name: string;
  readonly value: string;
}

const vendors = [
  'STRIPE',
  'TWILIO',
  'MAILGUN',
  'SEGMENT',
  'ALGOLIA',
  'DATADOG',
  'PLANETSCALE',
  'CLOUDINARY',
  'MIXPANEL',
  'POSTMARK',
];
const kinds = ['SECRET_KEY', 'API_TOKEN', 'ACCESS_TOKEN', 'SERVICE_KEY', 'PRIVATE_TOKEN'];

const pick = (list: readonly string[]): string => list[randomInt(list.length)] ?? '';

/** A canary under a plausible name that none of the taken ones has. */
export function canaryFor(takenNames: Iterable<string> = []): Canary {
  const taken = new Set(takenNames);
  const value = randomBytes(30).toString('base64url');
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const name = `${pick(vendors)}_${pick(kinds)}`;
    if (!taken.has(name)) return { name, value };
  }
  return { name: `SERVICE_KEY_${randomBytes(3).toString('hex').toUpperCase()}`, value };
}
