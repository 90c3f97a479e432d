import { z } from 'zod';
import type { HeadlessRun, ProviderContext } from '../contracts.ts';

const text = z.string().max(65_536);
const args = z.array(text).max(256).default([]);
const guestPath = text.regex(/^\/(?:[^/\0]+\/)*[^/\0]+$/, { error: 'must be an absolute path in the guest' });
const hostPath = text.startsWith('/', { error: 'must be an absolute path of the host' });
const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: 'must be the name of a variable' });
const mode = z.int().min(0).max(0o777);

const functionOf = <Called>() =>
  z.custom<Called>((value) => typeof value === 'function', { error: 'must be a function' });

const command = z.strictObject({
  argv: z.array(text).min(1).max(256),
  failureMessage: text.min(1),
  expectOutput: text.nullable().default(null),
});
export const guestCommandsSchema = z.array(command).max(64);

/** What `runtime(context)` gives. */
export const runtimeSchema = z.strictObject({
  command: z.array(text.min(1)).min(1).max(256),
  image: text.min(1).default('bot-bottle-command'),
  dockerfile: hostPath.nullable().default(null),
  promptMode: z.enum(['append-file', 'config', 'env']).default('env'),
  bypassArgs: args,
  resumeArgs: args,
  remoteControlArgs: args,
  remoteControlRefusal: text.nullable().default(null),
  promptArgs: args,
  headlessArgs: functionOf<(prompt: string, options: { readonly resume: boolean }) => HeadlessRun>(),
});

export const headlessRunSchema = z.strictObject({
  args: z.array(z.string()).max(256),
  stdin: z.string().nullable(),
});

const secretRef = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('host-env'), name: envName }),
  z.strictObject({ kind: z.literal('prompt'), name: envName, message: text.nullable().default(null) }),
  z.strictObject({
    kind: z.literal('provider-file'),
    path: hostPath,
    pointer: text.regex(/^(?:\/[^/]*)+$/, { error: 'must be a JSON pointer (RFC 6901)' }),
    unchanged: z.record(text, text).default({}),
    remedy: text.min(1),
  }),
]);

const route = z.strictObject({
  host: text,
  ports: z.array(z.int()).exactOptional(),
  pathAllowlist: z.array(text).exactOptional(),
  methods: z.array(text).exactOptional(),
  auth: z
    .strictObject({
      scheme: z.enum(['Bearer', 'token', 'basic', 'header']),
      tokenRef: envName,
      header: text.nullable().exactOptional(),
      username: text.nullable().exactOptional(),
    })
    .nullable()
    .exactOptional(),
  authorization: z.enum(['strip', 'agent']).exactOptional(),
  agentHeaders: z.array(text).exactOptional(),
  envSecrets: z.array(envName).exactOptional(),
  git: z.strictObject({ fetch: z.boolean() }).exactOptional(),
  dlp: z
    .strictObject({
      outbound: z.array(text).nullable().exactOptional(),
      inbound: z.array(text).nullable().exactOptional(),
      onMatch: z.enum(['warn', 'redact', 'supervise', 'block']).nullable().exactOptional(),
    })
    .exactOptional(),
  addressAllowlist: z.array(text).exactOptional(),
});

/** What `plan(context)` gives. */
export const provisionPlanSchema = z.strictObject({
  env: z.record(envName, z.string().max(131_072)).default({}),
  hiddenEnvNames: z.array(envName).default([]),
  dirs: z.array(z.strictObject({ path: guestPath, mode: mode.default(0o700) })).default([]),
  files: z
    .array(
      z.strictObject({
        path: guestPath,
        mode: mode.default(0o600),
        source: z.union([z.strictObject({ content: z.string() }), z.strictObject({ hostPath })]),
      }),
    )
    .default([]),
  preCopy: guestCommandsSchema.default([]),
  verify: guestCommandsSchema.default([]),
  egressRoutes: z.array(route).default([]),
  secretRefs: z.record(envName, secretRef).default({}),
});

type MaybePromise<T> = T | Promise<T>;

/** A provider as a plugin writes it; everything with a default may be left out. */
export const definitionSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, { error: 'must match [a-z][a-z0-9-]*' }),
  skillsDir: text
    .regex(/^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^/\0]+\/)*(?!\.{1,2}$)[^/\0]+$/, {
      error: 'must be a path below the home',
    })
    .default('.skills'),
  runtime: functionOf<(context: ProviderContext) => z.input<typeof runtimeSchema>>(),
  plan: functionOf<(context: ProviderContext) => MaybePromise<z.input<typeof provisionPlanSchema>>>(),
  superviseCommands: functionOf<(url: string) => z.input<typeof guestCommandsSchema>>().default(
    () => () => [],
  ),
});

export type ProviderDefinition = z.input<typeof definitionSchema>;
