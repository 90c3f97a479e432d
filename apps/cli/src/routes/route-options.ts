import { z } from 'zod';
import { CliError } from '../cli-error.ts';

const schema = z.object({ json: z.boolean().default(false), yes: z.boolean().default(false) });
export type RouteOptions = z.output<typeof schema>;

/** @throws CliError `usage` */
export function routeOptions(given: object, action: 'show' | 'edit'): RouteOptions {
  const options = schema.parse(given);
  if (options.yes && action === 'show') throw new CliError('usage', '--yes is for `routes <slug> edit`');
  return options;
}
