/**
 * Whether a pattern of pipelock covers a host, as pipelock matches it: `*.x.y` covers `x.y` too, which a route of egress
 * with the same text does not.
 */
export function matchDomain(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const domain = pattern.slice(2);
  return host === domain || (host.endsWith(`.${domain}`) && !host.includes(':'));
}

/** Whether pipelock leaves TLS to a host closed. */
export function isPassedThrough(passthroughDomains: readonly string[], host: string): boolean {
  return passthroughDomains.some((pattern) => matchDomain(pattern, host));
}
