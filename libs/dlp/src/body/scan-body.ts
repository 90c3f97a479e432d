import { setImmediate } from 'node:timers/promises';
import type { BodyKind, Finding, Surface } from '../contracts.ts';
import { safeSurface } from '../findings/safe-surface.ts';
import { toFindings } from '../findings/to-findings.ts';
import { FragmentTally } from '../fragments/fragment-tally.ts';
import { looksCompressed } from '../layers/inflate-nested.ts';
import type { ScanContext } from '../scan/scan-text.ts';
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

/** What the scans of one body share. */
interface BodyScan extends ScanContext {
  readonly tally: FragmentTally;
}

/**
 * Scans a whole body: the bytes as sent, what they decode to, and the parts or values in that, also put together.
 *
 * @throws DlpError `undecodable_body`
 */
export async function scanBody(body: Uint8Array, kind: BodyKind, context: ScanContext): Promise<Finding[]> {
  const codings = codingsOf(kind);
  const scan: BodyScan = { ...context, tally: new FragmentTally() };
  const findings = await scanContent(body, kind, scan, codings.length === 0);
  if (codings.length > 0) {
    let content = body;
    for (const coding of codings.toReversed())
      content = await decodeWhole(content, new Decoder(coding, MAX_DECODED));
    findings.push(...(await scanContent(content, kind, scan, false)));
  }
  const found = new Set(findings.map(({ rule }) => rule));
  const given = scan.tally.settle(context.fragments, found);
  if (given.length > 0)
    findings.push(...locate(toFindings(body, given, 'body', context.allow), body, kind, scan));
  return unique(findings);
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
  scan: BodyScan,
  isAsSent: boolean,
): Promise<Finding[]> {
  const boundary = boundaryOf(kind);
  const walk = { fold: false, quotedPrintable: boundary !== null };
  const findings: Finding[] = [];
  if (content.length <= AT_ONCE) {
    const hits = walkLayers(content, scan.detectors, { ...walk, tally: scan.tally, isPlaced: isAsSent });
    findings.push(...toFindings(content, hits, 'body', scan.allow));
  } else {
    const window = new WindowScan({ ...scan, surface: 'body', walk, isAsSent });
    for (let at = 0; at < content.length; at += AT_ONCE) {
      findings.push(...window.feed(content.subarray(at, at + AT_ONCE)));
      await setImmediate();
    }
    findings.push(...window.finish());
  }
  const parts = boundary === null ? [] : partsOf(content, boundary);
  const more = [...scanParts(parts, scan), ...scanJson(content, kind, scan)];
  return [...named(findings, parts, scan), ...more];
}

/** Says of findings in which part of a body they are. */
function locate(findings: readonly Finding[], body: Uint8Array, kind: BodyKind, scan: BodyScan): Finding[] {
  const boundary = boundaryOf(kind);
  return boundary === null ? [...findings] : named(findings, partsOf(body, boundary), scan);
}

function named(findings: readonly Finding[], parts: readonly BodyPart[], scan: BodyScan): Finding[] {
  return findings.map((finding) => {
    const { offset } = finding;
    const part =
      offset === null ? undefined : parts.find((each) => offset >= each.start && offset < each.end);
    return part === undefined
      ? finding
      : { ...finding, surface: safeSurface('part', part.name, scan.detectors) };
  });
}

/** What the body as a whole does not show: compressed parts, and values spread over several parts. */
function scanParts(parts: readonly BodyPart[], scan: BodyScan): Finding[] {
  if (parts.length === 0) return [];
  const findings = parts.flatMap((part) => {
    if (!looksCompressed(part.content)) return [];
    return detached(part.content, scan, safeSurface('part', part.name, scan.detectors));
  });
  const contents = Buffer.concat(parts.map((part) => part.content));
  const names = Buffer.from(parts.map((part) => part.name).join(''), 'latin1');
  return [...findings, ...detached(contents, scan, 'body'), ...detached(names, scan, 'body')];
}

/** Values spread over several strings of a JSON body. */
function scanJson(content: Uint8Array, kind: BodyKind, scan: BodyScan): Finding[] {
  if (content.length > AT_ONCE || !/[/+]json\b/i.test(kind.contentType ?? '')) return [];
  const values = jsonValues(content);
  return values === null ? [] : detached(values, scan, 'body');
}

/** Findings in bytes that are not the sent ones: no place is known. */
function detached(bytes: Uint8Array, scan: BodyScan, surface: Surface): Finding[] {
  const hits = walkLayers(bytes, scan.detectors, { fold: false, tally: scan.tally, isPlaced: false });
  return toFindings(bytes, hits, surface, scan.allow);
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
