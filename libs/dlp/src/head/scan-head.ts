import type { Finding, HeadSurfaces, Surface } from '../contracts.ts';
import { safeSurface } from '../findings/safe-surface.ts';
import { toFindings } from '../findings/to-findings.ts';
import { FragmentTally } from '../fragments/fragment-tally.ts';
import type { ScanContext } from '../scan/scan-text.ts';
import { LIMIT, walkLayers } from '../scan/walk-layers.ts';
import type { CleanHeads } from './clean-heads.ts';
import { scanCrlf } from './scan-crlf.ts';
import { scanEntropy } from './scan-entropy.ts';

export interface HeadScanOptions extends ScanContext {
  readonly crlf: boolean;
  readonly entropy: boolean;
  /** heads that these very options found nothing in */
  readonly clean: CleanHeads;
}

interface Part {
  readonly kind: 'host' | 'path' | 'query' | 'header';
  /** of a header */
  readonly name: string;
  readonly text: string;
}

/**
 * Scans a request head. All of it is searched at once, which also finds values split over surfaces; only when that
 * finds something is each surface searched by itself, to say where it is.
 */
export function scanHead(head: HeadSurfaces, options: HeadScanOptions): Finding[] {
  if (options.clean.has(head)) return [];
  const findings = options.crlf ? crlfFindings(head, options) : [];
  if (options.entropy) findings.push(...entropyFindings(head, options));
  if (options.detectors.length === 0) return findings;
  const parts = partsOf(head);
  const whole = bytesOf([...parts.map((part) => part.text), ...splits(head)].join('\0'));
  const tally = new FragmentTally();
  const hits = walkLayers(whole, options.detectors, { fold: true, tally, isPlaced: false });
  if (hits.length === 0 && findings.length === 0 && tally.isEmpty) {
    options.clean.add(head);
    return [];
  }
  const found = new Set([...hits.map(({ hit }) => hit.rule), ...findings.map(({ rule }) => rule)]);
  const given = tally.settle(options.fragments, found);
  hits.push(...given);
  // no offset in the joined text means anything outside
  const suspected = toFindings(whole, hits, surfaceOfSplit(head), options.allow);
  if (suspected.length === 0) return findings;
  const inParts = new Set(given.map(({ hit }) => hit.rule));
  for (const part of parts) {
    const bytes = bytesOf(part.text);
    const own = new FragmentTally();
    const hits = walkLayers(bytes, options.detectors, { fold: part.kind === 'host', tally: own });
    hits.push(...own.spansOf(inParts));
    if (hits.length === 0) continue;
    const surface = part.kind === 'header' ? safeSurface('header', part.name, options.detectors) : part.kind;
    findings.push(
      ...toFindings(bytes, hits, surface, options.allow).filter(
        (finding) => !findings.some((other) => isSame(other, finding)),
      ),
    );
  }
  const located = new Set(findings.map((finding) => finding.sha256));
  const inPieces = suspected.filter(({ rule }) => inParts.has(rule));
  for (const finding of [...splitFindings(parts, head, options), ...inPieces]) {
    if (!located.has(finding.sha256)) findings.push(finding);
    located.add(finding.sha256);
  }
  return findings;
}

/** The query is searched in two readings; names and values of one header are two places. */
function isSame(a: Finding, b: Finding): boolean {
  return (
    a.surface === 'query' &&
    b.surface === 'query' &&
    a.rule === b.rule &&
    a.sha256 === b.sha256 &&
    a.offset === b.offset
  );
}

function crlfFindings(head: HeadSurfaces, options: HeadScanOptions): Finding[] {
  const surfaceOf = (name: string): Surface => safeSurface('header', name, options.detectors);
  return scanCrlf(head, surfaceOf).flatMap(({ surface, hit }) =>
    // the place of a line break is known, but cutting it out would still send the rest
    toFindings(new Uint8Array(0), [{ hit, span: null }], surface, options.allow),
  );
}

function entropyFindings(head: HeadSurfaces, options: HeadScanOptions): Finding[] {
  const findings: Finding[] = [];
  for (const { surface, text, hits } of scanEntropy(head)) {
    const bytes = bytesOf(text);
    for (const hit of hits) {
      if (findings.length >= LIMIT) return findings;
      findings.push(...toFindings(bytes, [{ hit, span: hit }], surface, options.allow));
    }
  }
  return findings;
}

/** Values that are only there when surfaces are put together; their place cannot be overwritten. */
function splitFindings(parts: readonly Part[], head: HeadSurfaces, options: HeadScanOptions): Finding[] {
  const joined = [parts.map((part) => part.text).join('\0'), ...splits(head)];
  return joined.flatMap((text) => {
    const bytes = bytesOf(text);
    const hits = walkLayers(bytes, options.detectors, { fold: false }).map(({ hit }) => ({
      hit,
      span: null,
    }));
    return toFindings(bytes, hits, surfaceOfSplit(head), options.allow);
  });
}

function surfaceOfSplit(head: HeadSurfaces): Surface {
  return head.query === null ? 'path' : 'query';
}

function partsOf(head: HeadSurfaces): Part[] {
  const parts: Part[] = [
    { kind: 'host', name: '', text: head.host },
    { kind: 'path', name: '', text: head.path },
  ];
  if (head.query !== null) {
    parts.push({ kind: 'query', name: '', text: head.query });
    if (head.query.includes('+'))
      parts.push({ kind: 'query', name: '', text: head.query.replaceAll('+', ' ') });
  }
  for (const [name, value] of head.headers) {
    parts.push({ kind: 'header', name, text: name }, { kind: 'header', name, text: value });
  }
  return parts;
}

/** Hosts up to this length have no room for an encoded value over several labels. */
const SHORT_HOST = 40;

/** What a reader can put together from pieces: labels of the host, parameter values, cookie values, header values. */
function splits(head: HeadSurfaces): string[] {
  const joined = head.host.length > SHORT_HOST ? labelsOf(head.host) : [];
  if (head.query !== null) joined.push(valuesOf(head.query, '&'));
  joined.push(head.headers.map(([, value]) => value).join(''));
  joined.push(head.headers.map(([name]) => name).join(''));
  for (const [name, value] of head.headers) {
    if (name.toLowerCase() === 'cookie') joined.push(valuesOf(value, ';'));
  }
  return joined;
}

/** The labels before the names of two or three that somebody owns: `example.com`, `example.co.uk`. */
function labelsOf(host: string): string[] {
  const labels = host.split('.');
  return [2, 3].map((owned) => labels.slice(0, -owned).join(''));
}

function valuesOf(text: string, separator: string): string {
  return text
    .split(separator)
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
    .join('');
}

/** The bytes as sent: header strings hold one byte per character; other text is UTF-8. */
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf8');
}
