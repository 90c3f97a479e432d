import { z } from 'zod';
import { CliError } from '../cli-error.ts';

/** Longest reason, in characters. */
const MAX_REASON = 4096;

const schema = z.object({
  json: z.boolean().default(false),
  all: z.boolean().default(false),
  bottle: z.string().nullable().default(null),
  reason: z.string().nullable().default(null),
  digest: z.string().nullable().default(null),
});
export type SuperviseOptions = z.output<typeof schema>;

/** @throws CliError `usage` */
export function superviseOptions(given: object): SuperviseOptions {
  const options = schema.parse(given);
  if ((options.reason?.length ?? 0) > MAX_REASON) {
    throw new CliError('usage', `a reason has at most ${MAX_REASON} characters`);
  }
  if (options.digest !== null && !/^[0-9a-f]{12,64}$/.test(options.digest)) {
    throw new CliError('usage', 'a digest is what `supervise show` prints, at least its first 12 digits');
  }
  return options;
}
