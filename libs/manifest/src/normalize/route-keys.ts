import type { RouteAuthManifest, RouteManifest } from '../contracts.ts';

/** A route as the keys of a bottle file; what has its default is left out. The way back is `normalizeRoute`. */
export function routeKeys(route: RouteManifest): Record<string, unknown> {
  const { auth, git, pipelock } = route;
  const dlp = dlpKeys(route.dlp);
  return {
    host: route.host,
    ...(route.ports.length === 1 && route.ports[0] === 443 ? {} : { ports: [...route.ports] }),
    ...list('path_allowlist', route.pathAllowlist),
    ...list('methods', route.methods),
    ...(auth === null ? {} : { auth: authKeys(auth) }),
    ...(route.authorization === 'strip' ? {} : { authorization: route.authorization }),
    ...list('agent_headers', route.agentHeaders),
    ...list('env_secrets', route.envSecrets),
    ...(git.fetch ? { git: { fetch: true } } : {}),
    ...(Object.keys(dlp).length === 0 ? {} : { dlp }),
    ...list('address_allowlist', route.addressAllowlist),
    ...(pipelock.tlsPassthrough ? { pipelock: { tls_passthrough: true } } : {}),
  };
}

function list(key: string, values: readonly string[]): Record<string, unknown> {
  return values.length === 0 ? {} : { [key]: [...values] };
}

function authKeys({ scheme, tokenRef, header, username, wildcard }: RouteAuthManifest): object {
  return {
    scheme,
    token_ref: tokenRef,
    ...(header === null ? {} : { header }),
    ...(username === null ? {} : { username }),
    ...(wildcard ? { wildcard: true } : {}),
  };
}

function dlpKeys({ outbound, inbound, onMatch }: RouteManifest['dlp']): object {
  const detectors = (value: readonly string[]): readonly string[] | false =>
    value.length === 0 ? false : [...value];
  return {
    ...(outbound === null ? {} : { outbound: detectors(outbound) }),
    ...(inbound === null ? {} : { inbound: detectors(inbound) }),
    ...(onMatch === null ? {} : { on_match: onMatch }),
  };
}
