import { z } from 'zod';
import { denialCodes } from './denials.ts';

/** Which control an event comes from; each has its own file and chain. */
export const layers = ['egress', 'git-gate', 'supervise', 'host'] as const;
export type Layer = (typeof layers)[number];

/** How the thing that the event tells of ended. */
export const outcomes = ['allowed', 'denied', 'redacted', 'held', 'warned', 'done', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];

const bounded = (max: number) => z.string().max(max);

/** One event as a control reports it; the writer adds seq, time, bottle, prev and hash. */
export const auditEventSchema = z.strictObject({
  layer: z.enum(layers),
  action: bounded(64).describe('what was tried, e.g. request, connect, table, start'),
  outcome: z.enum(outcomes),
  code: z.enum(denialCodes).nullable().describe('denial code, null when nothing was denied'),
  target: bounded(4096).describe('what it was tried on, without query and without secrets'),
  rule: bounded(256).nullable().describe('route or detector rule that decided'),
  details: z
    .record(bounded(64), z.union([bounded(4096), z.number(), z.boolean(), z.null()]))
    .describe('flat, secret-free facts'),
});
export type AuditEvent = z.infer<typeof auditEventSchema>;

/** One line of an audit file. `hash` is SHA-256 over the canonical JSON of the line without `hash`. */
export const auditLineSchema = auditEventSchema.extend({
  seq: z.int().positive(),
  time: z.iso.datetime().describe('UTC, milliseconds'),
  bottle: bounded(128),
  prev: z.string().regex(/^[0-9a-f]{64}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type AuditLine = z.infer<typeof auditLineSchema>;
