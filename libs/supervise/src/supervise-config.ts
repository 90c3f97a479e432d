import { z } from 'zod';
import { dockerfileSchema } from './kinds/capability-schema.ts';

/** Tools that the supervise sidecar knows. */
export const superviseTools = [
  'list-egress-routes',
  'egress-block',
  'pipelock-block',
  'capability-block',
  'explain-denial',
  'check-proposal',
] as const;
export type SuperviseTool = (typeof superviseTools)[number];

/** Those that not every bottle has: a guard, and a backend that can rebuild. */
const special: ReadonlySet<SuperviseTool> = new Set(['pipelock-block', 'capability-block']);

/** Those that are offered unless the configuration says otherwise. */
export const usualTools = superviseTools.filter((name) => !special.has(name));

/** Secret slots of the supervise sidecar. */
export const superviseSlots = { accessToken: 'SUPERVISE_ACCESS_TOKEN' } as const;

/** Everything the supervise sidecar is configured with; secrets travel beside it by slot. */
export const superviseConfigSchema = z.strictObject({
  bottle: z.string().min(1).max(128),
  listen: z.string().describe('host:port or unix:/path'),
  tools: z
    .array(z.enum(superviseTools))
    .min(1)
    .default([...usualTools])
    .describe('tools that are offered'),
  dockerfile: dockerfileSchema
    .nullable()
    .default(null)
    .describe('Dockerfile that the image of the agent is built of at present, null: not known'),
  response_timeout_seconds: z
    .number()
    .positive()
    .max(300)
    .default(30)
    .describe('how long a proposal tool waits for the human before it answers `pending`'),
  hosts: z
    .array(z.string().min(1).max(255))
    .min(1)
    .default(['supervise:9100'])
    .describe('values of the Host header that are served, besides the loopback names'),
  limits: z
    .strictObject({
      body_bytes: z
        .int()
        .positive()
        .default(1024 * 1024),
      connections: z.int().positive().default(64),
      calls_per_minute: z.int().positive().max(600).default(120),
      waiting: z.int().positive().max(48).default(16).describe('calls that wait for a human at a time'),
      idle_ms: z.int().positive().default(60_000),
      query_ms: z.int().positive().default(5_000),
    })
    .prefault({}),
});
export type SuperviseConfig = z.infer<typeof superviseConfigSchema>;
export type SuperviseConfigInput = z.input<typeof superviseConfigSchema>;
