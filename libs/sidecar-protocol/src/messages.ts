import { z } from 'zod';

/** Version of the control channel; a peer with another major version is refused. */
export const PROTOCOL_VERSION = 1;

/** Longest accepted NDJSON line, in bytes. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

export const requestId = z.int().nonnegative().describe('number chosen by the sender, echoed in the answer');
const slotName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
  .describe('name under which a sidecar holds one secret, e.g. EGRESS_TOKEN_0');
const secrets = z.record(slotName, z.string()).describe('secret values by slot');

/** What a launcher sends on a sidecar's stdin. */
export const toSidecarSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('configure'),
    v: z.literal(PROTOCOL_VERSION),
    id: requestId,
    config: z.unknown().describe("the sidecar's own configuration, validated by the sidecar"),
    secrets,
  }),
  z.strictObject({
    type: z.literal('table'),
    id: requestId,
    table: z.unknown().describe('a whole new policy table'),
  }),
  z.strictObject({ type: z.literal('secrets'), id: requestId, secrets }),
  z.strictObject({
    type: z.literal('audit-ack'),
    seq: z.int().nonnegative().describe('every event up to and including this one is written'),
  }),
  z.strictObject({
    type: z.literal('audit-failed'),
    seq: z.int().nonnegative(),
    message: z.string().describe('why the events after the last acknowledged one were not written'),
  }),
  z.strictObject({
    type: z.literal('answer'),
    id: requestId,
    answer: z.unknown(),
    error: z.string().optional().describe('why there is no answer; absent when there is one'),
  }),
  z.strictObject({
    type: z.literal('decision'),
    id: requestId,
    decision: z.unknown().describe('how a proposal of this sidecar was decided, validated by the sidecar'),
  }),
]);

/** What a sidecar sends on its stdout. */
export const fromSidecarSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    v: z.literal(PROTOCOL_VERSION),
    id: requestId.describe('id of the configure message that this answers'),
    listening: z.array(z.string()).describe('addresses, host:port or unix:/path'),
    digest: z.string().nullable().describe('digest of the table in force'),
  }),
  z.strictObject({ type: z.literal('done'), id: requestId, digest: z.string().nullable() }),
  z.strictObject({
    type: z.literal('refused'),
    id: requestId,
    message: z.string(),
    problems: z.array(z.string()),
  }),
  z.strictObject({
    type: z.literal('audit'),
    seq: z.int().positive().describe('counts up by one from 1 in each life of the sidecar'),
    event: z.unknown().describe('an AuditEvent, validated by the writer'),
  }),
  z.strictObject({ type: z.literal('proposal'), id: requestId, proposal: z.unknown() }),
  z.strictObject({
    type: z.literal('query'),
    id: requestId.describe('from the same sequence as those of proposals'),
    query: z.unknown().describe('a question that changes nothing, validated by the launcher'),
  }),
]);

export type ToSidecar = z.infer<typeof toSidecarSchema>;
export type FromSidecar = z.infer<typeof fromSidecarSchema>;
