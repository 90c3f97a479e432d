import { z } from 'zod';
import { finding } from '../rules/finding.ts';
import { readHost } from '../rules/host.ts';
import { checked, type PlacedFinding } from './checked.ts';
import { routeSchema } from './route.ts';
import { oneLine, size } from './scalars.ts';

const dlpAllowSchema = checked(
  z.strictObject({
    rule: z
      .string()
      .max(256)
      .regex(/^[A-Za-z0-9_.:/-]+$/, { error: 'this is not a rule id' })
      .optional()
      .describe('Rule id as findings show it, e.g. `token_patterns/github-pat`.'),
    sha256: z
      .string()
      .regex(/^[0-9A-Fa-f]{64}$/, { error: 'must be a SHA-256 as 64 hex digits' })
      .optional()
      .describe('SHA-256 of the value, as findings show it.'),
    reason: oneLine(1024).regex(/\S/, { error: 'a reason must be given' }).describe('Why this is no leak.'),
  }),
  (entry) =>
    entry.rule === undefined && entry.sha256 === undefined
      ? finding(
          '`rule` or `sha256` must be given',
          'an entry without both would allow everything',
          'missing_key',
        )
      : null,
);

export const routesSchema = checked(z.array(routeSchema).max(1000), (routes) => {
  const found: PlacedFinding[] = [];
  const first = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const reading = readHost(route.host);
    if (!reading.ok) continue;
    const earlier = first.get(reading.host);
    if (earlier === undefined) first.set(reading.host, index);
    else {
      const hint = 'put everything about a host into one route';
      found.push({
        ...finding(`egress.routes[${earlier}] already names this host`, hint, 'duplicate'),
        path: [index, 'host'],
      });
    }
  }
  return found;
});

export const egressSchema = z.strictObject({
  routes: routesSchema
    .default([])
    .describe('Allowed destinations. `[]` denies everything but the routes of the provider.'),
  log: z
    .union([z.literal(0), z.literal(1), z.literal(2)], { error: 'must be 0, 1 or 2' })
    .default(1)
    .describe('0: start only; 1: denials and findings; 2: every request, redacted.'),
  guard: z
    .enum(['builtin', 'pipelock'])
    .default('builtin')
    .describe('Who scans: the built-in detectors, or pipelock as a second hop.'),
  budget: z
    .strictObject({
      request_bytes: size.optional().describe('Most bytes of one request. Absent: no limit.'),
      total_bytes: size
        .optional()
        .describe("Most bytes that may leave during the bottle's life. Absent: no limit."),
    })
    .prefault({})
    .describe('Limits on what leaves.'),
  dlp_allow: z.array(dlpAllowSchema).default([]).describe('Findings that are known to be harmless.'),
});
