import { auditEventSchema } from '@bot-bottle/audit';
import { routeTableSchema } from '@bot-bottle/egress';
import {
  digestSchema,
  dockerfileSchema,
  grantSchema,
  proposalId,
  proposalSchema,
  responseSchema,
  superviseErrorCodes,
} from '@bot-bottle/supervise';
import { z } from 'zod';
import { backendNames } from '../contracts.ts';
import { ownerErrorCodes } from './errors.ts';

/** Version of the control socket's protocol. */
export const CONTROL_VERSION = 1;

/** Bytes of stdin that a client may send before the owner says that they were taken. */
export const STDIN_WINDOW_BYTES = 256 * 1024;

const version = z.literal(CONTROL_VERSION);
const size = z.strictObject({
  cols: z.int().min(1).max(10_000).describe('columns'),
  rows: z.int().min(1).max(10_000).describe('rows'),
});

const who = z.string().min(1).max(128);

/** First message of a connection: the one operation it is for. */
export const requestSchema = z.discriminatedUnion('op', [
  z.strictObject({ v: version, op: z.literal('status') }),
  z.strictObject({
    v: version,
    op: z.literal('exec'),
    argv: z.array(z.string()).min(1).max(10_000),
    cwd: z.string().nullable().describe("null: the bottle's workdir"),
    tty: size.nullable().describe('null: pipes'),
    term: z.string().max(64).nullable().describe('TERM of the client'),
  }),
  z.strictObject({
    v: version,
    op: z.literal('attach'),
    size: size.nullable().describe("the client's terminal, null: leave the size as it is"),
  }),
  z.strictObject({ v: version, op: z.literal('stop') }),
  z.strictObject({
    v: version,
    op: z.literal('audit-append'),
    events: z.array(auditEventSchema).min(1).max(256),
  }),
  z.strictObject({ v: version, op: z.literal('proposals') }),
  z.strictObject({
    v: version,
    op: z.literal('decide'),
    id: proposalId,
    digest: digestSchema.describe('of the proposal as it was displayed'),
    outcome: z.enum(['approved', 'rejected']),
    reason: z.string().max(4096),
    by: who.describe('who decides, as he says himself'),
    grant: grantSchema.nullable().describe('reach that is given instead of what was asked for'),
    dockerfile: dockerfileSchema
      .nullable()
      .default(null)
      .describe('Dockerfile that is taken instead of the one that was asked for'),
    table: digestSchema.nullable().describe('of the route table that was displayed beside it'),
  }),
  z.strictObject({ v: version, op: z.literal('routes') }),
  z.strictObject({
    v: version,
    op: z.literal('set-routes'),
    base: digestSchema.describe('of the table that was edited'),
    table: routeTableSchema,
    by: who,
  }),
]);
export type ControlRequest = z.infer<typeof requestSchema>;

export const forwardedSignals = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGKILL',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTSTP',
  'SIGCONT',
] as const;

/** What a client sends after `started`, beside frames of stdin. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), size }),
  z.strictObject({ type: z.literal('signal'), signal: z.enum(forwardedSignals) }),
  z.strictObject({ type: z.literal('stdin-end') }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** What a live bottle tells about itself. */
export const statusSchema = z.strictObject({
  identity: z.string(),
  home: z.string().describe('the BOT_BOTTLE_HOME that it was launched from'),
  agent: z.string(),
  bottle: z.string(),
  backend: z.enum(backendNames),
  label: z.string().nullable(),
  started_at: z.string().describe('ISO 8601, UTC'),
  owner_pid: z.int().positive(),
  state: z.enum(['starting', 'running', 'stopping']),
  tty: z.boolean().describe('whether the agent runs on a terminal that can be attached to'),
});
export type BottleStatus = z.infer<typeof statusSchema>;

/** A proposal that waits for a human. */
const openProposalSchema = z.strictObject({
  proposal: proposalSchema,
  digest: digestSchema,
  deciding: z
    .strictObject({ by: z.string().max(128), since: z.iso.datetime() })
    .nullable()
    .describe('who is deciding it at this moment'),
});

/** Routes of a running bottle. */
const routesViewSchema = z.strictObject({
  table: routeTableSchema,
  digest: digestSchema,
  now: z.number().describe("the owner's time, milliseconds since the epoch"),
  slots: z.array(z.strictObject({ slot: z.string(), tokenRef: z.string() })),
});

/** What the owner sends beside frames of stdout and stderr. */
export const ownerMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('status'), status: statusSchema }),
  z.strictObject({ type: z.literal('started'), tty: z.boolean() }),
  z.strictObject({ type: z.literal('stdin-taken'), bytes: z.int().positive() }),
  z.strictObject({
    type: z.literal('exit'),
    code: z.int().nullable(),
    signal: z.string().max(32).nullable(),
  }),
  z.strictObject({ type: z.literal('done') }),
  z.strictObject({ type: z.literal('proposals'), proposals: z.array(openProposalSchema).max(100) }),
  z.strictObject({ type: z.literal('decided'), response: responseSchema }),
  z.strictObject({ type: z.literal('routes'), routes: routesViewSchema }),
  z.strictObject({
    type: z.literal('error'),
    code: z.enum([
      ...ownerErrorCodes,
      ...superviseErrorCodes,
      'exec_failed',
      'command_not_found',
      'command_not_executable',
    ]),
    message: z.string(),
    hint: z.string().nullable(),
  }),
]);
export type OwnerMessage = z.infer<typeof ownerMessageSchema>;
