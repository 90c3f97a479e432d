import type { RouteManifest } from '../contracts.ts';
import { readHost } from '../rules/host.ts';
import { normalizePathPrefix } from '../rules/path-prefix.ts';
import type { RouteInput } from '../schema/route.ts';

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** A validated route in its normal form: lower-case hosts and headers, upper-case methods and escapes, no repetitions. */
export function normalizeRoute(route: RouteInput): RouteManifest {
  const reading = readHost(route.host);
  const { auth } = route;
  return {
    host: reading.ok ? reading.host : route.host,
    ports: unique(route.ports),
    pathAllowlist: unique(route.path_allowlist.map(normalizePathPrefix)),
    methods: unique(route.methods.map((method) => method.toUpperCase())),
    auth:
      auth === undefined
        ? null
        : {
            scheme: auth.scheme,
            tokenRef: auth.token_ref,
            header: auth.header ?? null,
            username: auth.username ?? null,
            wildcard: auth.wildcard,
          },
    authorization: route.authorization,
    agentHeaders: unique(route.agent_headers.map((name) => name.toLowerCase())),
    envSecrets: unique(route.env_secrets),
    git: { fetch: route.git.fetch },
    dlp: {
      outbound: detectors(route.dlp.outbound),
      inbound: detectors(route.dlp.inbound),
      onMatch: route.dlp.on_match ?? null,
    },
    addressAllowlist: unique(
      [...route.address_allowlist, ...route.pipelock.ssrf_ip_allowlist].map((range) => range.toLowerCase()),
    ),
    pipelock: { tlsPassthrough: route.pipelock.tls_passthrough },
  };
}

function detectors(value: readonly string[] | false | undefined): readonly string[] | null {
  if (value === undefined) return null;
  return value === false ? [] : unique(value);
}
