import { formatAuthority, parseHostAndPort } from '../hosts/parse-authority.ts';
import type { HostAndPort } from '../hosts/parse-authority.ts';
import { bodyFraming } from './body-framing.ts';
import { parseHeaderFields, parseTokenList, tokenPattern } from './header-fields.ts';
import { knownMethods, reflectingMethods } from './methods.ts';
import { parseTarget } from './parse-target.ts';
import type { Target } from './parse-target.ts';
import { remembered } from '../remembered.ts';
import { refuse } from './request-head.ts';
import type { HeadRefusal, HeadResult, HeaderField } from './request-head.ts';
import { requestedUpgrade } from './upgrade.ts';

const headEnd = '\r\n\r\n';
const CR = 0x0d;
const LF = 0x0a;

/**
 * Finds the end of a request head.
 *
 * @param searched how many bytes an earlier call has seen already; 0 the first time
 * @returns offset of the first byte after the empty line, -1 when it has not arrived yet
 */
export function findHeadEnd(buffer: Buffer, searched = 0): number {
  // Boyer and Moore by hand: a native search costs more to call than most heads are long.
  for (let last = Math.max(3, searched); last < buffer.length;) {
    const byte = buffer[last];
    if (byte !== LF) last += byte === CR ? 1 : 4;
    else if (buffer[last - 1] === CR && buffer[last - 2] === LF && buffer[last - 3] === CR) return last + 1;
    else last += 2;
  }
  return -1;
}

/**
 * Parses one request head: all bytes up to and with the empty line. It is stricter than RFC 9112 wherever two parsers
 * could read the same bytes differently; what it accepts, Node's own parser accepts with the same framing.
 */
export function parseRequestHead(bytes: Buffer): HeadResult {
  if (findHeadEnd(bytes) !== bytes.length) return refuse('the head does not end with one empty line');
  const lines = bytes.toString('latin1', 0, bytes.length - headEnd.length).split('\r\n');
  const parts = (lines.shift() ?? '').split(' ');
  const [method = '', target = '', protocol = ''] = parts;
  if (parts.length !== 3) return refuse('malformed request line');
  if (protocol !== 'HTTP/1.1' && protocol !== 'HTTP/1.0') return refuse('not HTTP/1.1 or HTTP/1.0');
  if (!tokenPattern.test(method)) return refuse('malformed method');
  if (reflectingMethods.has(method.toUpperCase()))
    return refuse('TRACE and TRACK are refused', 'method_refused');
  if (!knownMethods.has(method)) return refuse('unknown method');
  const parsedTarget = parseTarget(method, target);
  if (parsedTarget === null) return refuse('malformed request target');
  const headers = parseHeaderFields(lines);
  if (headers === null) return refuse('malformed header');
  const result = assemble(method, target, parsedTarget, protocol === 'HTTP/1.1' ? '1.1' : '1.0', headers);
  const isTabbed =
    result.ok && result.head.framing.kind !== 'none' && lines.some((line) => tabbed.test(line));
  return isTabbed ? refuse('tab beside the length of the body') : result;
}

// A blank as RFC 9110 5.5 has it, but to some parsers, Node's among them, `chunked` and a tab is another coding.
const tabbed = /^(?:transfer-encoding|content-length):.*\t/i;

function assemble(
  method: string,
  target: string,
  parsed: Target,
  version: '1.0' | '1.1',
  headers: readonly HeaderField[],
): HeadResult {
  const known = collect(headers);
  const authority = agreedAuthority(parsed, known.host, version);
  if ('ok' in authority) return authority;
  const connectionTokens = parseTokenList(known.connection.join(','));
  if (connectionTokens === null) return refuse('malformed Connection header');
  const framing = bodyFraming(known.lengths, known.encodings, version);
  if ('ok' in framing) return framing;
  if (method === 'CONNECT' && framing.kind !== 'none') return refuse('CONNECT with a body');
  const upgrade = requestedUpgrade({
    method,
    version,
    hasBody: framing.kind !== 'none',
    connectionTokens,
    upgrade: known.upgrade,
    keys: known.keys,
    versions: known.versions,
  });
  if (typeof upgrade === 'object' && upgrade !== null) return upgrade;
  const expectations = known.expect;
  if (expectations.length > 1 || (expectations[0] ?? '100-continue').toLowerCase() !== '100-continue') {
    return refuse('Expect other than 100-continue');
  }
  return {
    ok: true,
    head: {
      method,
      target,
      form: parsed.form,
      version,
      scheme: parsed.scheme,
      path: parsed.path,
      headers,
      host: authority.host,
      hostKind: authority.kind,
      port: authority.port,
      framing,
      connectionTokens,
      keepAlive: version === '1.1' && !connectionTokens.includes('close'),
      upgrade,
      expectContinue: version === '1.1' && expectations.length === 1 && framing.kind !== 'none',
    },
  };
}

/** The Host header and the target must name the same host and port (RFC 9112 3.2). */
function agreedAuthority(
  target: Target,
  hosts: readonly string[],
  version: '1.0' | '1.1',
): HostAndPort | HeadRefusal {
  if (hosts.length > 1) return refuse('more than one Host header');
  const [host] = hosts;
  if (host === undefined) {
    // Python before 3.12 opens tunnels with HTTP/1.0 and no Host; nothing can disagree there.
    const tunnel = target.form === 'authority' && version === '1.0' ? target.authority : null;
    return tunnel ?? refuse('no Host header');
  }
  const parsed = parseHostAndPort(host);
  if (parsed === null) return refuse('malformed Host header');
  if (target.authority === null) return parsed;
  // The Host of a CONNECT goes nowhere: Node's client names the proxy there, and the tunnel brings its own.
  if (target.form === 'authority') return target.authority;
  const defaultPort = target.scheme === 'https' ? 443 : 80;
  const written = parsed.port ?? defaultPort;
  const meant = target.authority.port ?? defaultPort;
  const agree =
    formatAuthority(parsed.host, written ?? meant, null) ===
    formatAuthority(target.authority.host, meant, null);
  return agree ? target.authority : refuse('Host and request target disagree');
}

interface Known {
  readonly host: string[];
  readonly connection: string[];
  readonly lengths: string[];
  readonly encodings: string[];
  readonly upgrade: string[];
  readonly expect: string[];
  readonly keys: string[];
  readonly versions: string[];
}

/** Where the values of a field are collected, by its lower-case name. */
const collected: ReadonlyMap<string, keyof Known> = new Map([
  ['host', 'host'],
  ['connection', 'connection'],
  ['content-length', 'lengths'],
  ['transfer-encoding', 'encodings'],
  ['upgrade', 'upgrade'],
  ['expect', 'expect'],
  ['sec-websocket-key', 'keys'],
  ['sec-websocket-version', 'versions'],
]);
const collectedAs = remembered((name) => collected.get(name.toLowerCase()) ?? null);

function collect(headers: readonly HeaderField[]): Known {
  const known: Known = {
    host: [],
    connection: [],
    lengths: [],
    encodings: [],
    upgrade: [],
    expect: [],
    keys: [],
    versions: [],
  };
  for (const [name, value] of headers) {
    const place = collectedAs(name);
    if (place !== null) known[place].push(value);
  }
  return known;
}
