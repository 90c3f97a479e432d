import { z } from 'zod';

const absolute = z.string().regex(/^\/[^\0\n]*$/, { error: 'must be an absolute path' });

export const repoName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
  .refine((name) => !name.includes('..') && !/\.(?:git|lock)$/i.test(name), {
    error: 'not a repository name',
  });

export const pushPolicySchema = z.strictObject({
  branches: z.array(z.string().min(1).max(256)).describe('globs; [] allows none'),
  protect_default: z.boolean(),
  force: z.boolean(),
  delete: z.boolean(),
  tags: z.boolean(),
  approve: z.enum(['never', 'on_finding', 'always']),
  max_bytes: z.int().positive().describe('largest push, in bytes'),
  protected_paths: z.array(z.string().min(1).max(1024)).nullable().describe('globs; null: the built-in list'),
});

export const gateRepoSchema = z.strictObject({
  name: repoName,
  url: z.string().max(2048).describe('ssh://user@host[:port]/path'),
  user: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/),
  host: z.string().regex(/^[A-Za-z0-9[\]:.][A-Za-z0-9._:%[\]-]{0,254}$/),
  port: z.int().min(1).max(65535),
  path: z.string().regex(/^\/[A-Za-z0-9._~+@=,:/-]{1,1024}$/),
  host_key: z.string().max(8192).nullable().describe('known_hosts key material; null: refuse to connect'),
  key_slot: z
    .string()
    .regex(/^GIT_GATE_KEY_\d+$/)
    .nullable()
    .describe('slot of the private key; null: refuse to connect'),
  push: pushPolicySchema,
});
export type GateRepo = z.infer<typeof gateRepoSchema>;

/** Configuration of the git-gate sidecar; secrets travel beside it, by slot. */
export const gitGateConfigSchema = z.strictObject({
  bottle: z.string().min(1).max(128),
  listen: z.string().max(512).describe('host:port or unix:/path'),
  root: absolute.describe('private folder on disk for mirrors, quarantines and held pushes'),
  key_dir: absolute.describe('private folder in memory for key files'),
  programs: z.strictObject({
    git: absolute,
    ssh: absolute,
    gitleaks: absolute.nullable().describe('null: not installed'),
  }),
  scanner: z.enum(['auto', 'gitleaks', 'builtin']).describe('auto: gitleaks when installed, else builtin'),
  supervise: z.boolean().describe('whether a human can be asked'),
  repos: z.array(gateRepoSchema).max(256),
  /** slot → name of the variable, values that must not be pushed */
  env_secrets: z.record(z.string().regex(/^GIT_GATE_SECRET_\d+$/), z.string()),
  limits: z
    .strictObject({
      held: z.int().min(0).max(100).default(5).describe('open held pushes'),
      hold_seconds: z.int().positive().max(3600).default(300).describe('how long a client waits for a human'),
      idle_seconds: z.int().positive().max(600).default(15).describe('a client that sends nothing is cut'),
      transfer_seconds: z
        .int()
        .positive()
        .max(86_400)
        .default(3600)
        .describe('longest upload, fetch or forward'),
      requests_per_repo: z.int().positive().max(256).default(16).describe('served at a time'),
      mirror_bytes: z
        .int()
        .positive()
        .default(20 * 1024 ** 3)
        .describe('largest mirror'),
    })
    .prefault({}),
});
export type GitGateConfig = z.infer<typeof gitGateConfigSchema>;
export type GitGateConfigInput = z.input<typeof gitGateConfigSchema>;

/** Slots besides `GIT_GATE_KEY_n` and `GIT_GATE_SECRET_n`. */
export const gateSlots = { canary: 'GIT_GATE_CANARY', accessToken: 'GIT_GATE_ACCESS_TOKEN' } as const;
