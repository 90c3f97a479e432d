/**
 * Whether a normalised path lies under one of the normalised prefixes; [] allows every path. Prefixes match at segment
 * borders: `/repos/me` covers `/repos/me` and `/repos/me/x`, not `/repos/me-evil`; `/v1/` covers what lies below it.
 */
export function pathAllowed(path: string, prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || prefixes.some((prefix) => under(path, prefix));
}

function under(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || prefix.endsWith('/') || path[prefix.length] === '/';
}
