import { parseAuthority, parseHostAndPort } from '../hosts/parse-authority.ts';
import type { HostAndPort } from '../hosts/parse-authority.ts';
import type { RequestHead } from './request-head.ts';

export interface Target {
  readonly form: RequestHead['form'];
  readonly scheme: RequestHead['scheme'];
  /** null where the target names no host */
  readonly authority: HostAndPort | null;
  readonly path: string;
}

// No controls, blanks, fragments or non-ASCII bytes (RFC 9112 3.2, RFC 3986). What else is odd in a path is the
// business of normalizePath.
const targetPattern = /^[\x21\x22\x24-\x7e]+$/;
const absolute = /^(https?):\/\/([^/?]*)(.*)$/i;

/** Parses a request-target in the form that its method calls for (RFC 9112 3.2); null when it is malformed. */
export function parseTarget(method: string, target: string): Target | null {
  if (!targetPattern.test(target)) return null;
  if (method === 'CONNECT') {
    const authority = parseAuthority(target, null);
    return authority === null ? null : { form: 'authority', scheme: null, authority, path: '' };
  }
  if (target.startsWith('/')) return { form: 'origin', scheme: null, authority: null, path: target };
  if (target === '*') {
    return method === 'OPTIONS' ? { form: 'asterisk', scheme: null, authority: null, path: '*' } : null;
  }
  const match = absolute.exec(target);
  const authority = parseHostAndPort(match?.[2] ?? '');
  if (match === null || authority === null) return null;
  const rest = match[3] ?? '';
  const scheme = match[1]?.toLowerCase() === 'https' ? 'https' : 'http';
  return { form: 'absolute', scheme, authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}
