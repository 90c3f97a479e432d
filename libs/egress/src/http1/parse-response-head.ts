import { bodyFraming } from './body-framing.ts';
import { parseHeaderFields, parseTokenList } from './header-fields.ts';
import { findHeadEnd } from './parse-request-head.ts';
import type { HeaderField } from './request-head.ts';
import type { ResponseFraming, ResponseHead, ResponseHeadResult } from './response-head.ts';

const headEnd = '\r\n\r\n';
// RFC 9112 4; many servers leave out the blank before an empty reason.
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const keepAliveTimeout = /(?:^|[,;\s])timeout\s*=\s*(\d{1,9})/i;

/**
 * Parses the head of an answer: all bytes up to and with the empty line. It refuses what two parsers could frame
 * differently, like `parseRequestHead` does for requests.
 *
 * @param method of the request that it answers: nothing follows the head of an answer to HEAD
 */
export function parseResponseHead(bytes: Buffer, method: string): ResponseHeadResult {
  if (findHeadEnd(bytes) !== bytes.length) return refuse('the head does not end with one empty line');
  const lines = bytes.toString('latin1', 0, bytes.length - headEnd.length).split('\r\n');
  const first = statusLine.exec(lines.shift() ?? '');
  if (first === null) return refuse('malformed status line');
  const headers = parseHeaderFields(lines);
  if (headers === null) return refuse('malformed header');
  const [, minor, code, reason = ''] = first;
  return assemble(minor === '1' ? '1.1' : '1.0', Number(code), reason, headers, method);
}

function assemble(
  version: ResponseHead['version'],
  status: number,
  reason: string,
  headers: readonly HeaderField[],
  method: string,
): ResponseHeadResult {
  const known = collect(headers);
  const declared = bodyFraming(known.lengths, known.encodings, version);
  if ('ok' in declared) return refuse(declared.reason);
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const framing = framingOf(declared, bodiless);
  // A server that announces a body where there can be none may also send it.
  const contradicts =
    status === 204 && (declared.kind === 'length' ? declared.length > 0 : declared.kind !== 'none');
  const keepAlive =
    version === '1.1' && framing.kind !== 'close' && !contradicts && !saysClose(known.connection);
  const head = {
    version,
    status,
    reason,
    headers,
    framing,
    keepAlive,
    idleSeconds: idleSeconds(known.keepAlive),
  };
  return { ok: true, head };
}

function framingOf(declared: ResponseFraming, bodiless: boolean): ResponseFraming {
  if (bodiless) return { kind: 'none' };
  return declared.kind === 'none' ? { kind: 'close' } : declared;
}

interface Known {
  readonly lengths: string[];
  readonly encodings: string[];
  readonly connection: string[];
  readonly keepAlive: string[];
}

function collect(headers: readonly HeaderField[]): Known {
  const known: Known = { lengths: [], encodings: [], connection: [], keepAlive: [] };
  for (const [name, value] of headers) {
    // most fields have another length, and lower case costs more than the comparison
    switch (name.length) {
      case 'connection'.length: {
        const lower = name.toLowerCase();
        if (lower === 'connection') known.connection.push(value);
        else if (lower === 'keep-alive') known.keepAlive.push(value);
        break;
      }
      case 'content-length'.length:
        if (name.toLowerCase() === 'content-length') known.lengths.push(value);
        break;
      case 'transfer-encoding'.length:
        if (name.toLowerCase() === 'transfer-encoding') known.encodings.push(value);
        break;
      default:
        break;
    }
  }
  return known;
}

/** A list that cannot be read may say it. */
function saysClose(connection: readonly string[]): boolean {
  if (connection.length === 0) return false;
  return parseTokenList(connection.join(','))?.includes('close') ?? true;
}

function idleSeconds(keepAlive: readonly string[]): number | null {
  const [value] = keepAlive;
  if (value === undefined) return null;
  const seconds = keepAliveTimeout.exec(value)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

function refuse(reason: string): ResponseHeadResult {
  return { ok: false, reason };
}
