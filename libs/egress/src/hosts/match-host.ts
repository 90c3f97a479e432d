import { normalizeHost } from './normalize-host.ts';

/**
 * Normalises the host of a route: a host, or `*.` and a suffix of at least two labels. Null for anything else; a bare
 * `*` and `*.com` are never routes.
 */
export function normalizeHostPattern(text: string): string | null {
  if (!text.startsWith('*.')) return normalizeHost(text)?.host ?? null;
  const suffix = normalizeHost(text.slice(2));
  if (suffix === null || suffix.kind !== 'name' || !suffix.host.includes('.')) return null;
  return `*.${suffix.host}`;
}

/** Whether a normalised pattern covers a normalised host. `*.x.y` covers one or more leading labels, not `x.y`. */
export function matchHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const suffix = pattern.slice(1);
  return host.length > suffix.length && host.endsWith(suffix) && !host.includes(':');
}

/** The pattern that decides for `host`: the exact one, else the longest wildcard; null when none covers it. */
export function bestPattern(patterns: Iterable<string>, host: string): string | null {
  let best: string | null = null;
  for (const pattern of patterns) {
    if (!matchHost(pattern, host)) continue;
    if (pattern === host) return pattern;
    if (best === null || pattern.length > best.length) best = pattern;
  }
  return best;
}
