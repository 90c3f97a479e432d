import type { z } from 'zod';
import { ProviderError } from '../errors.ts';
import { definitionSchema, type ProviderDefinition } from './definition-schema.ts';

/**
 * Makes a provider of a plugin: the default export of `~/.bot-bottle/contrib/<name>/provider.mjs`.
 *
 * @throws ProviderError `invalid_provider` with everything that is wrong with its shape
 */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  return Object.freeze(checked(definitionSchema, definition, 'the provider'));
}

/**
 * @param what named in the message
 * @throws ProviderError `invalid_provider`
 */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new ProviderError('invalid_provider', `${what} is not valid: ${problems.join('; ')}`, {
    data: { problems },
  });
}
