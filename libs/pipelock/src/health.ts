import { z } from 'zod';

/** Of what pipelock answers to `GET /health`, that which a bottle depends on. It may say more. */
const healthSchema = z.object({
  status: z.literal('healthy'),
  version: z.string().max(128),
  mode: z.literal('strict'),
  forward_proxy_enabled: z.literal(true),
});

/** What pipelock says of itself is what it was told; null when it is not, or is not pipelock. */
export function readHealth(body: string): { readonly version: string } | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const parsed = healthSchema.safeParse(value);
  return parsed.success ? { version: parsed.data.version } : null;
}
