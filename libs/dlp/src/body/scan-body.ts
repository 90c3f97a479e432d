import { setImmediate } from 'node:timers/promises';
import type { AllowEntry, BodyKind, Finding, Surface } from '../contracts.ts';
import type { LayerDetector } from '../detectors/hit.ts';
import { safeSurface } from '../findings/safe-surface.ts';
import { toFindings } from '../findings/to-findings.ts';
import { looksCompressed } from '../layers/inflate-nested.ts';
import { walkLayers } from '../scan/walk-layers.ts';
import { WindowScan } from '../stream/window-scan.ts';
import { boundaryOf, codingsOf } from './body-kind.ts';
import { Decoder } from './decoder.ts';
import { jsonValues } from './json-values.ts';
import { partsOf, type BodyPart } from './multipart.ts';

/** Most bytes that a whole body may decode to. */
export const MAX_DECODED = 64 * 1024 * 1024;
/** Bodies up to this many bytes are scanned at once, longer ones through a window. */
const AT_ONCE = 2 * 1024 * 1024;

export interface BodyScanOptions {
  readonly detectors: readonly LayerDetector[];
  readonly allow: readonly AllowEntry[];
}

/**
 * Scans a whole body: the bytes as sent, what they decode to, and the parts or values in that, also put together.
 *
 * @throws DlpError `undecodable_body`
 */
export async function scanBody(
  body: Uint8Array,
  kind: BodyKind,
  options: BodyScanOptions,
): Promise<Finding[]> {
  const codings = codingsOf(kind);
  const findings = await scanContent(body, kind, options, codings.length === 0);
  if (codings.length === 0) return findings;
  let content = body;
  for (const coding of codings.toReversed())
    content = await decodeWhole(content, new Decoder(coding, MAX_DECODED));
  return unique([...findings, ...(await scanContent(content, kind, options, false))]);
}

async function decodeWhole(body: Uint8Array, decoder: Decoder): Promise<Uint8Array> {
  try {
    return Buffer.concat([...(await decoder.write(body)), ...(await decoder.end())]);
  } finally {
    decoder.destroy();
  }
}

async function scanContent(
  content: Uint8Array,
  kind: BodyKind,
  options: BodyScanOptions,
  isAsSent: boolean,
): Promise<Finding[]> {
  const boundary = boundaryOf(kind);
  const walk = { fold: false, quotedPrintable: boundary !== null };
  const findings: Finding[] = [];
  if (content.length <= AT_ONCE) {
    const hits = walkLayers(content, options.detectors, walk);
    findings.push(
      ...toFindings(
        content,
        isAsSent ? hits : hits.map(({ hit }) => ({ hit, span: null })),
        'body',
        options.allow,
      ),
    );
  } else {
    const scan = new WindowScan({ ...options, surface: 'body', walk, isAsSent });
    for (let at = 0; at < content.length; at += AT_ONCE) {
      findings.push(...scan.feed(content.subarray(at, at + AT_ONCE)));
      await setImmediate();
    }
    findings.push(...scan.finish());
  }
  const parts = boundary === null ? [] : partsOf(content, boundary);
  const located = findings.map((finding) => ({ ...finding, surface: surfaceOf(finding, parts, options) }));
  const more = [...scanParts(parts, options), ...scanJson(content, kind, options)];
  return unique([...located, ...more]);
}

function surfaceOf(finding: Finding, parts: readonly BodyPart[], options: BodyScanOptions): Surface {
  const { offset } = finding;
  const part = offset === null ? undefined : parts.find((each) => offset >= each.start && offset < each.end);
  return part === undefined ? finding.surface : safeSurface('part', part.name, options.detectors);
}

/** What the body as a whole does not show: compressed parts, and values spread over several parts. */
function scanParts(parts: readonly BodyPart[], options: BodyScanOptions): Finding[] {
  if (parts.length === 0) return [];
  const findings = parts.flatMap((part) => {
    if (!looksCompressed(part.content)) return [];
    return detached(part.content, options, safeSurface('part', part.name, options.detectors));
  });
  const contents = Buffer.concat(parts.map((part) => part.content));
  const names = Buffer.from(parts.map((part) => part.name).join(''), 'latin1');
  return [...findings, ...detached(contents, options, 'body'), ...detached(names, options, 'body')];
}

/** Values spread over several strings of a JSON body. */
function scanJson(content: Uint8Array, kind: BodyKind, options: BodyScanOptions): Finding[] {
  if (content.length > AT_ONCE || !/[/+]json\b/i.test(kind.contentType ?? '')) return [];
  const values = jsonValues(content);
  return values === null ? [] : detached(values, options, 'body');
}

/** Findings in bytes that are not the sent ones: no place is known. */
function detached(bytes: Uint8Array, options: BodyScanOptions, surface: Surface): Finding[] {
  const hits = walkLayers(bytes, options.detectors, { fold: false }).map(({ hit }) => ({ hit, span: null }));
  return toFindings(bytes, hits, surface, options.allow);
}

/** A value that was found at a known place is not reported again without one. */
function unique(findings: readonly Finding[]): Finding[] {
  const placed = new Set(
    findings.filter((each) => each.offset !== null).map((each) => `${each.rule} ${each.sha256}`),
  );
  const seen = new Set<string>();
  return findings.filter((each) => {
    const value = `${each.rule} ${each.sha256}`;
    if (each.offset === null && placed.has(value)) return false;
    const key = `${value} ${each.offset}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
