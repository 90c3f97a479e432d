import { z } from 'zod';
import { inboundDetectors, outboundDetectors } from '@bot-bottle/dlp';
import { allowableMethods } from '@bot-bottle/manifest';

const hostName = z
  .string()
  .min(1)
  .max(253)
  .describe('normalised host, `*.suffix` for a wildcard, or an IP literal');
const slotName = z
  .string()
  .regex(/^EGRESS_TOKEN_\d+$/)
  .describe('token slot: the name under which the sidecar holds one secret');
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
const methodName = z.enum([...allowableMethods], { error: 'this method can not be allowed' });

/** How a credential is put into a request. A row never holds a value or a host variable's name. */
export const routeAuthSchema = z.strictObject({
  scheme: z.enum(['Bearer', 'token', 'basic', 'header']),
  slot: slotName,
  header: headerName.nullable().describe('header to set, null for Authorization'),
  username: z.string().nullable().describe('user of scheme basic'),
});

export const routeDlpSchema = z.strictObject({
  outbound: z.array(z.enum(outboundDetectors)).describe('[] scans nothing'),
  inbound: z.array(z.enum(inboundDetectors)).describe('[] scans nothing'),
  on_match: z.enum(['warn', 'redact', 'supervise', 'block']),
});

/** One row of the route table. */
export const routeSchema = z.strictObject({
  host: hostName,
  ports: z.array(z.int().min(1).max(65535)).min(1),
  scheme: z.enum(['https', 'http']).describe('http: plaintext on port 80, never with auth'),
  path_allowlist: z.array(z.string().startsWith('/')).describe('normalised prefixes; [] allows every path'),
  methods: z.array(methodName).describe('[] allows every method'),
  auth: routeAuthSchema.nullable(),
  authorization: z.enum(['strip', 'agent']),
  agent_headers: z.array(headerName).describe('credential headers of the agent that pass, lower case'),
  env_secrets: z.array(z.string()).describe('names of env secrets that may leave to this host'),
  git: z.strictObject({ fetch: z.boolean() }),
  dlp: routeDlpSchema,
  address_allowlist: z.array(z.string()).describe('CIDRs of otherwise refused addresses that may be dialled'),
  owner: z.enum(['provider', 'manifest', 'grant']),
  expires_at: z.number().nullable().describe('milliseconds since the epoch, null: never; only on grants'),
  inject: z.boolean().describe('grants only: inject the credential of the base row'),
});
export type Route = z.infer<typeof routeSchema>;
export type RouteAuth = z.infer<typeof routeAuthSchema>;
export type RouteDlp = z.infer<typeof routeDlpSchema>;

export const routeTableSchema = z.strictObject({ version: z.literal(1), routes: z.array(routeSchema) });
export type RouteTable = z.infer<typeof routeTableSchema>;

/** Corporate proxy that egress itself goes through. */
export const upstreamProxySchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('without credentials'),
  no_proxy: z.array(z.string()).describe('hosts and suffixes dialled directly'),
  has_credentials: z
    .boolean()
    .describe('Basic credentials are in the slot EGRESS_UPSTREAM_PROXY_AUTH as user:password'),
});

/** The guard that every request goes through after egress has decided it: a program that scans on its own. */
export const guardSchema = z.strictObject({
  url: z.url({ protocol: /^http$/ }).describe('where it listens'),
  ca: z.string().describe('PEM certificate of its CA, trusted for what it opens and for nothing else'),
  passthrough_domains: z
    .array(hostName)
    .describe('hosts whose TLS it leaves closed, where its CA is not trusted; `*.x.y` covers x.y too'),
});

/** Everything the egress sidecar is configured with; secrets travel beside it by slot. */
export const egressConfigSchema = z.strictObject({
  bottle: z.string().min(1).max(128),
  listen: z.string().describe('host:port or unix:/path'),
  table: routeTableSchema,
  ca: z.strictObject({
    cert: z.string().describe('PEM certificate of the per-bottle CA; its key is the secret EGRESS_CA_KEY'),
  }),
  extra_ca: z.string().nullable().describe('PEM bundle trusted besides the system roots'),
  upstream_proxy: upstreamProxySchema.nullable(),
  guard: guardSchema.nullable().default(null).describe('null: requests go on at once'),
  hosts: z
    .record(z.string(), z.string())
    .describe('name → address, consulted before DNS; checked like any address'),
  supervise: z.boolean().describe('whether denials name a tool that the agent can ask'),
  budget: z.strictObject({
    request_bytes: z.int().positive().nullable(),
    total_bytes: z.int().positive().nullable(),
  }),
  dlp_allow: z.array(z.strictObject({ rule: z.string().optional(), sha256: z.string().optional() })),
  dlp_approved: z
    .array(
      z.strictObject({
        scheme: z.enum(['https', 'http']),
        host: hostName,
        rule: z.string(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .default([])
    .describe('values that a human let pass to one host in an earlier life of this sidecar'),
  env_secrets: z.record(z.string(), z.string()).describe('slot EGRESS_SECRET_n → env name of the bottle'),
  now: z
    .number()
    .nullable()
    .default(null)
    .describe("the launcher's time, milliseconds since the epoch, that expiry counts from; null: our own"),
  log: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  limits: z
    .strictObject({
      head_bytes: z
        .int()
        .positive()
        .default(64 * 1024),
      first_byte_ms: z.int().positive().default(10_000),
      idle_ms: z.int().positive().default(300_000),
      tunnels: z.int().positive().default(1024),
      denial_tunnels: z.int().positive().default(64),
      dns_ms: z.int().positive().default(5_000),
      connect_ms: z.int().positive().default(10_000),
      held_bytes: z
        .int()
        .positive()
        .default(64 * 1024 * 1024),
      drain_ms: z.int().positive().default(8_000),
      hold_ms: z
        .int()
        .positive()
        .max(300_000)
        .default(300_000)
        .describe('how long a request that DLP matched waits for a human, milliseconds'),
    })
    .prefault({}),
});
export type EgressConfig = z.infer<typeof egressConfigSchema>;
export type EgressConfigInput = z.input<typeof egressConfigSchema>;

/** Secret slots beside EGRESS_TOKEN_n. */
export const secretSlots = {
  caKey: 'EGRESS_CA_KEY',
  canary: 'EGRESS_CANARY',
  accessToken: 'EGRESS_ACCESS_TOKEN',
  upstreamProxyAuth: 'EGRESS_UPSTREAM_PROXY_AUTH',
} as const;

/** A route as a provider or a manifest asks for it, before slots are assigned. Omitted fields take the defaults. */
export interface RouteRequest {
  readonly host: string;
  readonly ports?: readonly number[];
  readonly pathAllowlist?: readonly string[];
  readonly methods?: readonly string[];
  readonly auth?: {
    readonly scheme: RouteAuth['scheme'];
    /** name of the host value; never leaves the launcher */
    readonly tokenRef: string;
    readonly header?: string | null;
    readonly username?: string | null;
  } | null;
  readonly authorization?: 'strip' | 'agent';
  readonly agentHeaders?: readonly string[];
  readonly envSecrets?: readonly string[];
  readonly git?: { readonly fetch: boolean };
  readonly dlp?: {
    /** null or absent: the default detectors */
    readonly outbound?: readonly string[] | null;
    readonly inbound?: readonly string[] | null;
    readonly onMatch?: RouteDlp['on_match'] | null;
  };
  readonly addressAllowlist?: readonly string[];
}

export type ProviderRoute = RouteRequest;

/** Result of merging provider and manifest routes. */
export interface EffectiveRoutes {
  readonly table: RouteTable;
  /** which host value each slot holds, in slot order */
  readonly slots: ReadonlyArray<{ readonly slot: string; readonly tokenRef: string }>;
  /** manifest routes dropped because a provider owns the host */
  readonly droppedHosts: readonly string[];
}
