import type { IncomingMessage } from 'node:http';

/** Names that no resolver of somebody else can point at this server. */
const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * The Host of a request when it is one that is served, else null. A page in a browser whose name was pointed at this
 * address (DNS rebinding) carries its own name here.
 */
export function knownHost({ rawHeaders, headers }: IncomingMessage, hosts: readonly string[]): string | null {
  const count = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length;
  const host = headers.host?.toLowerCase();
  if (count !== 1 || host === undefined) return null;
  return loopback.test(host) || hosts.some((each) => each.toLowerCase() === host) ? host : null;
}

/** Whether a request has no Origin, or one of this very host; `host` is in lower case. */
export function isSameOrigin(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return true;
  const [, scheme, authority] = /^(https?):\/\/([^/?#@]+)$/.exec(origin.toLowerCase()) ?? [];
  if (scheme === undefined || authority === undefined) return false;
  const port = scheme === 'http' ? ':80' : ':443';
  return authority === host || `${authority}${port}` === host || authority === `${host}${port}`;
}
