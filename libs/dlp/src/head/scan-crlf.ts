import { createHash } from 'node:crypto';
import type { HeadSurfaces, Surface } from '../contracts.ts';
import type { Hit } from '../detectors/hit.ts';
import { unescapeFully } from '../layers/unescape.ts';

/** A header or a request line after a line break: what splits one request into two. */
const injected =
  /[\r\n][ \t]{0,8}(?:[A-Za-z][A-Za-z0-9_-]{0,63}[ \t]{0,4}:|[A-Z]{3,10}[ \t]\S{1,512}[ \t]HTTP\/)/;
/** Code points whose low byte is a line break, and overlong UTF-8: servers have taken them for CR and LF. */
const disguised: ReadonlyArray<readonly [RegExp, string]> = [
  [/\xe5\x98\x8a|\xc0\x8a|\xe0\x80\x8a/g, '\n'],
  [/\xe5\x98\x8d|\xc0\x8d|\xe0\x80\x8d/g, '\r'],
];

/** Line breaks in a request head: raw ones anywhere, encoded ones before a header-like token in host and path. */
export function scanCrlf(
  head: HeadSurfaces,
  headerSurface: (name: string) => Surface,
): Array<{ surface: Surface; hit: Hit }> {
  const found: Array<{ surface: Surface; hit: Hit }> = [];
  const raw = (surface: Surface, text: string): void => {
    const at = text.search(/[\r\n]/);
    if (at >= 0) found.push({ surface, hit: hitOf('crlf/raw', text.slice(at, at + 2), at, at + 1) });
  };
  raw('host', head.host);
  raw('path', head.path);
  if (head.query !== null) raw('query', head.query);
  for (const [name, value] of head.headers) {
    if (/[\r\n]/.test(name) || /[\r\n]/.test(value)) {
      raw(headerSurface(name), name);
      raw(headerSurface(name), value);
    }
  }
  encoded('host', head.host, found);
  encoded('path', head.path, found);
  return found;
}

function encoded(surface: Surface, text: string, found: Array<{ surface: Surface; hit: Hit }>): void {
  if (!text.includes('%') && !text.includes('\\') && !text.includes('&#')) return;
  let decoded = Buffer.from(unescapeFully(Buffer.from(text, 'utf8'))).toString('latin1');
  for (const [pattern, plain] of disguised) decoded = decoded.replaceAll(pattern, plain);
  const match = injected.exec(decoded);
  if (match === null) return;
  const at = Math.max(0, text.search(/%|\\|&#/));
  found.push({ surface, hit: hitOf('crlf/encoded', match[0], at, text.length) });
}

function hitOf(rule: string, value: string, start: number, end: number): Hit {
  const sha256 = createHash('sha256').update(value, 'latin1').digest('hex');
  return { detector: 'crlf', rule, severity: 'high', sha256, start, end };
}
