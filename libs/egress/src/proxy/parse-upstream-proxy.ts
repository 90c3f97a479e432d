import { EgressError } from '../errors.ts';
import { normalizeHost } from '../hosts/normalize-host.ts';
import { formatAuthority } from '../hosts/parse-authority.ts';

export interface ParsedUpstreamProxy {
  /** `http://host:port` or `https://host:port`, without credentials */
  readonly url: string;
  /** `user:password`, decoded, as it goes into the slot; null when the URL had none */
  readonly credentials: string | null;
}

/**
 * Parses the URL of a corporate proxy; `host:port` alone means http.
 *
 * @throws EgressError `invalid_proxy`; the message never repeats the URL, which may hold a password
 */
export function parseUpstreamProxy(text: string): ParsedUpstreamProxy {
  const url = parseUrl(text.includes('://') ? text : `http://${text}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid('only http and https proxies are supported');
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') {
    throw invalid('the URL of a proxy has no path, query or fragment');
  }
  const host = normalizeHost(url.hostname);
  if (host === null) throw invalid('its host is not a host name or IP address');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (port === 0) throw invalid('its port is not a port');
  return {
    url: `${url.protocol}//${formatAuthority(host.host, port, null)}`,
    credentials: url.username === '' && url.password === '' ? null : credentialsOf(url),
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw invalid('it is not a URL');
  return url;
}

function credentialsOf(url: URL): string {
  const user = decode(url.username);
  // RFC 7617: the first colon ends the user name.
  if (user.includes(':')) throw invalid('its user name holds a colon');
  const pair = `${user}:${decode(url.password)}`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\0-\x1f\x7f]/.test(pair)) throw invalid('its credentials hold a control character');
  return pair;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('its credentials are not percent-encoded correctly');
  }
}

function invalid(why: string): EgressError {
  return new EgressError('invalid_proxy', `the upstream proxy can not be used: ${why}`);
}
