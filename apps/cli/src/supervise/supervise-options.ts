import { MAX_GRANT_MINUTES } from '@bot-bottle/supervise';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';

/** Longest reason, in characters. */
const MAX_REASON = 4096;

const flag = z.boolean().default(false);
const text = z.string().nullable().default(null);

const schema = z.object({
  json: flag,
  all: flag,
  bottle: text,
  reason: text,
  digest: text,
  table: text,
  yes: flag,
  // approve only
  minutes: text,
  session: flag,
  withCredential: flag,
  save: flag,
});
export interface SuperviseOptions extends Omit<z.output<typeof schema>, 'minutes'> {
  readonly minutes: number | null;
}

/** @throws CliError `usage` */
export function superviseOptions(given: object): SuperviseOptions {
  const options = schema.parse(given);
  if ((options.reason?.length ?? 0) > MAX_REASON) {
    throw new CliError('usage', `a reason has at most ${MAX_REASON} characters`);
  }
  for (const digest of [options.digest, options.table]) {
    if (digest !== null && !/^[0-9a-f]{12,64}$/.test(digest)) {
      throw new CliError('usage', 'a digest is what `supervise show` prints, at least its first 12 digits');
    }
  }
  const minutes = options.minutes === null ? null : minutesOf(options.minutes);
  const excluding = [
    ['--minutes', minutes !== null, '--session', options.session],
    ['--minutes', minutes !== null, '--save', options.save],
  ] as const;
  for (const [one, isOne, other, isOther] of excluding) {
    if (isOne && isOther) throw new CliError('usage', `${one} and ${other} exclude each other`);
  }
  return { ...options, minutes };
}

function minutesOf(given: string): number {
  const minutes = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : 0;
  if (minutes > 0 && minutes <= MAX_GRANT_MINUTES) return minutes;
  throw new CliError('usage', `--minutes takes a number above 0 and up to ${MAX_GRANT_MINUTES}`);
}
