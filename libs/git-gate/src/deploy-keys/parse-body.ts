import type { z } from 'zod';
import { DeployKeyError } from './error.ts';
import type { ForgeResponse } from './forge-request.ts';
import type { Show } from './shower.ts';

/**
 * The JSON of a successful response.
 *
 * @throws DeployKeyError `invalid_response`
 */
export function parseBody<T>(response: ForgeResponse, schema: z.ZodType<T>, host: string, show: Show): T {
  let value: unknown;
  try {
    value = JSON.parse(response.text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const type = show(response.headers.get('content-type') ?? 'no content type');
  throw new DeployKeyError(
    'invalid_response',
    `${host} did not answer as the API of a forge does (${type})`,
    {
      hint: 'check that `provisioned_key.api_url` is the base of the API and `provider` the right one',
    },
  );
}
