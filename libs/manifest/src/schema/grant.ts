import { z } from 'zod';
import { finding } from '../rules/finding.ts';
import { readHost } from '../rules/host.ts';
import { checked } from './checked.ts';
import { routeShape } from './route.ts';

/**
 * Reach that is given to a running bottle. Nothing that could widen it has a default: a key that was deleted by mistake
 * must not allow more.
 *
 * @param maxMinutes longest time that can be given
 */
export const grantSchema = (maxMinutes: number) =>
  z.strictObject({
    host: checked(routeShape.shape.host, (host) => {
      const reading = readHost(host);
      return reading.ok && reading.kind === 'ip'
        ? finding('an IP address takes no grant', 'it needs a route with `address_allowlist`', 'invalid_host')
        : null;
    }),
    ports: routeShape.shape.ports.unwrap().max(16),
    path_allowlist: routeShape.shape.path_allowlist.unwrap().max(64),
    methods: routeShape.shape.methods.unwrap().max(32),
    minutes: z
      .number()
      .positive({ error: 'must be more than 0, or null' })
      .max(maxMinutes, { error: `must be at most ${maxMinutes}` })
      .nullable()
      .describe('how long, null: until the bottle ends'),
    with_credential: z.boolean().default(false),
  });

export type GrantInput = z.infer<ReturnType<typeof grantSchema>>;
