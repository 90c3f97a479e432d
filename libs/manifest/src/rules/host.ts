import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { getPublicSuffix } from 'tldts';
import { embedsIPv4 } from './embedded-ipv4.ts';
import { type Finding, finding } from './finding.ts';

export type HostReading =
  | { readonly ok: true; readonly host: string; readonly kind: 'name' | 'wildcard' | 'ip' }
  | { readonly ok: false; readonly finding: Finding };

const bad = (
  message: string,
  hint: string | null = null,
  code: Finding['code'] = 'invalid_host',
): HostReading => ({
  ok: false,
  finding: finding(message, hint, code),
});

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** A last label that the WHATWG URL standard reads as part of an IPv4 address (section 3.5, "ends in a number"). */
const numericLabel = /^(?:[0-9]+|0x[0-9a-f]*)$/i;
/** Names that the guest's hosts file gives to the sidecars. */
const sidecarNames: ReadonlySet<string> = new Set(['egress', 'git-gate', 'supervise', '_egress.local']);

/**
 * Reads a route's host: lower case, IDNA to ASCII, no trailing dot; `*.example.com` for a wildcard; a canonical IP
 * literal without brackets. Refuses schemes, ports, paths, credentials, wildcards directly under a public suffix
 * (private suffixes such as github.io included) and every odd spelling of an IP address.
 */
export function readHost(text: string): HostReading {
  if (text === '') return bad('the host is empty');
  if (text.includes('://'))
    return bad('the host must not have a scheme', 'write only the name, e.g. api.example.com');
  if (text.includes('@'))
    return bad('the host must not have credentials', 'credentials come from `auth.token_ref`');
  if (/[/\\?#]/.test(text)) return bad('the host must not have a path', 'paths belong into `path_allowlist`');
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  const literal = bracketed ?? text;
  if (isIPv6(literal) && !literal.includes('%')) {
    if (embedsIPv4(literal, 128))
      return bad('this IPv6 address stands for an IPv4 address', 'write it as IPv4');
    return { ok: true, host: new URL(`http://[${literal}]`).hostname.slice(1, -1), kind: 'ip' };
  }
  if (bracketed !== undefined) return bad('this is not an IPv6 address');
  if (text.includes(':')) return bad('the host must not have a port', 'ports belong into `ports`');
  // Unassigned and invisible characters are left to IDNA; these would be decoded or dropped by it.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f%"'`<>^|{}()$,;!&=+~]/.test(text))
    return bad('the host holds a character that no host name has');
  const wildcard = text.startsWith('*.');
  const given = wildcard ? text.slice(2) : text;
  if (given.includes('*') || given === '') {
    return bad('a wildcard must be `*.` followed by a domain', 'list the hosts that are needed', 'too_broad');
  }
  const ascii = domainToASCII(given).toLowerCase().replace(/\.$/, '');
  const last = ascii.split('.').at(-1) ?? '';
  const lastGiven = given.replace(/\.$/, '').split('.').at(-1) ?? '';
  if (isIPv4(ascii) || numericLabel.test(last) || numericLabel.test(lastGiven)) {
    if (wildcard || !isIPv4(given))
      return bad('this is not a canonical IPv4 address', 'write it as four decimal numbers');
    return { ok: true, host: given, kind: 'ip' };
  }
  if (ascii === '' || ascii.length > 253 || !ascii.split('.').every((each) => label.test(each))) {
    return bad('this is not a valid host name');
  }
  if (sidecarNames.has(ascii))
    return bad('this name belongs to a sidecar of the bottle', null, 'reserved_name');
  if (!wildcard) return { ok: true, host: ascii, kind: 'name' };
  if (isPublicSuffix(ascii)) {
    return bad(
      'the wildcard stands directly under a public suffix, so it covers hosts of strangers',
      'name one more label, e.g. *.myorg.github.io',
      'too_broad',
    );
  }
  return { ok: true, host: `*.${ascii}`, kind: 'wildcard' };
}

function isPublicSuffix(domain: string): boolean {
  return (
    !domain.includes('.') ||
    getPublicSuffix(domain, {
      allowPrivateDomains: true,
      extractHostname: false,
      validateHostname: false,
    }) === domain
  );
}

/** The normal form of a route's host, null when it is not valid. See `readHost` for the rules. */
export function normalizeHost(text: string): string | null {
  const reading = readHost(text);
  return reading.ok ? reading.host : null;
}
