import type { GrantManifest } from '../contracts.ts';
import { readHost } from '../rules/host.ts';
import { normalizePathPrefix } from '../rules/path-prefix.ts';
import type { GrantInput } from '../schema/grant.ts';

/** A validated grant in its normal form, as that of a route. */
export function normalizeGrant(grant: GrantInput): GrantManifest {
  const reading = readHost(grant.host);
  return {
    host: reading.ok ? reading.host : grant.host,
    ports: [...new Set(grant.ports)],
    pathAllowlist: [...new Set(grant.path_allowlist.map(normalizePathPrefix))],
    methods: [...new Set(grant.methods.map((method) => method.toUpperCase()))],
    minutes: grant.minutes,
    withCredential: grant.with_credential,
  };
}
