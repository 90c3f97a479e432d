import { z } from 'zod';
import { text } from '../text.ts';

/** Something in a request that must not leave unless a human looked at it. Never the value itself. */
export const dlpFindingSchema = z.strictObject({
  detector: text(64),
  rule: text(256),
  severity: text(32),
  surface: text(256).describe('where in the request: host, path, query, a header, body'),
  masked: text(512).describe('what stands around it, with the value masked'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('of the value; what an approval is remembered by'),
});

/** A request of the agent that egress holds, on a route with `on_match: supervise`. */
export const dlpHoldSchema = z.strictObject({
  kind: z.literal('dlp-hold'),
  method: text(32),
  scheme: z.enum(['https', 'http']).describe('http: in plaintext'),
  host: text(253).min(1),
  target: text(2048).describe('what was requested, without query and without secrets'),
  route: text(256).describe('rule of the route'),
  findings: z.array(dlpFindingSchema).min(1).max(16),
  more_findings: z.int().nonnegative().describe('found besides and not listed'),
});
