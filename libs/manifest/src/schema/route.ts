import { z } from 'zod';
import { isAddressCovered } from '../rules/address.ts';
import { finding } from '../rules/finding.ts';
import { readHost } from '../rules/host.ts';
import { checkMethod } from '../rules/method.ts';
import { envNamePattern, oneLinePattern } from '../rules/names.ts';
import { checkPathPrefix } from '../rules/path-prefix.ts';
import { checked, type PlacedFinding } from './checked.ts';
import { inboundDetectorNames, outboundDetectorNames } from './detectors.ts';
import { addressRange, headerName, hostEnvName } from './scalars.ts';

const authShape = z.strictObject({
  scheme: z
    .enum(['Bearer', 'token', 'basic', 'header'])
    .describe(
      '`Bearer` and `token`: `Authorization: <scheme> <secret>`; `basic`: with `username`; `header`: the bare secret in `header`.',
    ),
  token_ref: hostEnvName.describe(
    'Host environment variable that holds the secret. The bottle never sees it.',
  ),
  header: headerName.optional().describe('Header to set. Only, and required, for scheme `header`.'),
  username: z
    .string()
    .min(1, { error: 'must not be empty' })
    .max(255)
    .regex(oneLinePattern, { error: 'must not hold control characters' })
    .regex(/^[^:]*$/, { error: 'must not hold `:` (RFC 7617)' })
    .optional()
    .describe('User name. Only, and required, for scheme `basic`.'),
  wildcard: z
    .boolean()
    .default(false)
    .describe('Confirms that every host under a wildcard may get the credential.'),
});

export const routeAuthSchema = checked(authShape, (auth) => {
  const found: PlacedFinding[] = [];
  const pairs = [
    ['header', 'header'],
    ['username', 'basic'],
  ] as const;
  for (const [key, scheme] of pairs) {
    if (auth.scheme === scheme && auth[key] === undefined) {
      found.push({ ...finding(`scheme \`${scheme}\` needs \`${key}\``, null, 'missing_key'), path: [key] });
    }
    if (auth.scheme !== scheme && auth[key] !== undefined) {
      found.push({
        ...finding(`\`${key}\` works only with scheme \`${scheme}\``, 'remove it', 'conflict'),
        path: [key],
        at: 'key',
      });
    }
  }
  return found;
});

const dlpSchema = z.strictObject({
  outbound: z
    .union(
      [
        z.literal(false),
        z.array(
          z.enum(outboundDetectorNames, { error: `known detectors: ${outboundDetectorNames.join(', ')}` }),
        ),
      ],
      {
        error: 'must be `false` or a list of detectors',
      },
    )
    .optional()
    .describe('Detectors for requests, or `false` for none. Absent: the defaults.'),
  inbound: z
    .union(
      [
        z.literal(false),
        z.array(
          z.enum(inboundDetectorNames, { error: `known detectors: ${inboundDetectorNames.join(', ')}` }),
        ),
      ],
      {
        error: 'must be `false` or a list of detectors',
      },
    )
    .optional()
    .describe('Detectors for responses, or `false` for none. Absent: the defaults.'),
  on_match: z
    .enum(['warn', 'redact', 'supervise', 'block'])
    .optional()
    .describe('What happens on a finding. Absent: `block` for requests, `warn` for responses.'),
});

const addressList = z.array(addressRange).max(1024);

export const routeShape = z.strictObject({
  host: checked(z.string().max(1024), (host) => {
    const reading = readHost(host);
    return reading.ok ? null : reading.finding;
  }).describe(
    'Exact host, `*.example.com` for one or more leading labels, or an IP literal that `address_allowlist` covers.',
  ),
  ports: z
    .array(
      z
        .int({ error: 'a port is a whole number' })
        .min(1, { error: 'a port is at least 1' })
        .max(65535, { error: 'a port is at most 65535' }),
    )
    .min(1, { error: 'at least one port is needed' })
    .max(64)
    .default([443])
    .describe('Allowed ports. 80 means plaintext and excludes `auth`.'),
  path_allowlist: z
    .array(checked(z.string().max(2048), checkPathPrefix))
    .default([])
    .describe('Absolute path prefixes, matched at segment borders. `[]` allows every path.'),
  methods: z
    .array(
      checked(
        z
          .string()
          .max(32)
          .regex(/^[A-Za-z-]+$/, { error: 'this is not an HTTP method' }),
        checkMethod,
      ),
    )
    .default([])
    .describe('HTTP methods, in any case. `[]` allows every method.'),
  auth: routeAuthSchema.optional().describe('Credential that egress adds on the way out.'),
  authorization: z
    .enum(['strip', 'agent'])
    .default('strip')
    .describe("`strip` drops the agent's own `Authorization` header; `agent` lets it pass. Excludes `auth`."),
  agent_headers: z.array(headerName).default([]).describe('Credential headers of the agent that pass.'),
  env_secrets: z
    .array(z.string().regex(envNamePattern, { error: 'must be the name of an env secret of this bottle' }))
    .default([])
    .describe('Env secrets of this bottle that may leave to this host, and nowhere else.'),
  git: z
    .strictObject({ fetch: z.boolean().default(false).describe('Allow git fetch and clone over HTTPS.') })
    .prefault({})
    .describe('Git over HTTPS. Pushes never pass.'),
  dlp: dlpSchema.prefault({}).describe('Data loss prevention on this route.'),
  address_allowlist: addressList
    .default([])
    .describe(
      'IPs and CIDR blocks that the host may resolve to although they are private, loopback or otherwise special.',
    ),
  pipelock: z
    .strictObject({
      tls_passthrough: z.boolean().default(false).describe('pipelock does not open TLS to this host.'),
      ssrf_ip_allowlist: addressList.default([]).describe('Older spelling of `address_allowlist`.'),
    })
    .prefault({})
    .describe('Settings for the second hop when `guard` is `pipelock`.'),
  role: z
    .union([z.null(), z.array(z.unknown()).max(0)], { error: 'this key is reserved: remove it' })
    .optional()
    .describe('Reserved. Only null and `[]` pass.'),
});

export type RouteInput = z.infer<typeof routeShape>;

/** Rules that look at more than one key of a route. */
function checkRoute(route: RouteInput): PlacedFinding[] {
  const found: PlacedFinding[] = [];
  const conflict = (
    path: readonly (string | number)[],
    message: string,
    hint: string,
    at: 'key' | 'value' = 'value',
  ): void => {
    found.push({ ...finding(message, hint, 'conflict'), path, at });
  };
  const reading = readHost(route.host);
  const addresses = [...route.address_allowlist, ...route.pipelock.ssrf_ip_allowlist];
  if (reading.ok && reading.kind === 'ip' && !isAddressCovered(reading.host, addresses)) {
    const hint = 'list the address there too, or use a host name';
    found.push({
      ...finding('an IP literal must be covered by `address_allowlist`', hint, 'invalid_host'),
      path: ['host'],
    });
  }
  const own = route.agent_headers.map((name) => name.toLowerCase());
  if (route.auth !== undefined) {
    const injected =
      route.auth.scheme === 'header' ? (route.auth.header ?? '').toLowerCase() : 'authorization';
    if (route.ports.includes(80)) {
      conflict(
        ['ports', route.ports.indexOf(80)],
        'port 80 is plaintext, and a credential never travels in plaintext',
        'remove port 80 or `auth`',
      );
    }
    if (route.authorization === 'agent') {
      conflict(['authorization'], '`authorization: agent` and `auth` exclude each other', 'keep one of them');
    }
    if (own.includes(injected)) {
      conflict(
        ['agent_headers', own.indexOf(injected)],
        "this header is set by `auth`, so the agent's own cannot pass",
        'remove it here or remove `auth`',
      );
    }
    if (reading.ok && reading.kind === 'wildcard' && !route.auth.wildcard) {
      conflict(
        ['auth'],
        'a wildcard host gets no credential unless `auth.wildcard: true`',
        'every host under the wildcard would get it',
        'key',
      );
    }
  }
  return found;
}

export const routeSchema = checked(routeShape, checkRoute);
