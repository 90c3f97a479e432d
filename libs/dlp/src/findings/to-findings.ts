import type { AllowEntry, Finding, Surface } from '../contracts.ts';
import type { Hit } from '../detectors/hit.ts';
import type { PlacedHit } from '../scan/placed-hit.ts';
import { isAllowed } from './is-allowed.ts';
import { maskedContext } from './masked-context.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Turns hits into findings: what is allowed is dropped, spellings of one value that overlap become one span, and a
 * value with a known place is not reported without one as well. Contexts are masked.
 *
 * @param goesOn whether more bytes follow that were not searched yet
 */
export function toFindings(
  bytes: Uint8Array,
  hits: readonly PlacedHit[],
  surface: Surface,
  allow: readonly AllowEntry[],
  goesOn = false,
): Finding[] {
  if (hits.length === 0) return [];
  const everySpan = hits.flatMap(({ span }) => (span === null ? [] : [span]));
  const byValue = new Map<string, { hit: Hit; spans: Span[] }>();
  for (const { hit, span } of hits) {
    if (isAllowed(allow, hit)) continue;
    const key = `${hit.rule} ${hit.sha256}`;
    const entry = byValue.get(key) ?? { hit, spans: [] };
    byValue.set(key, entry);
    if (span !== null) entry.spans.push(span);
  }
  return [...byValue.values()].flatMap(({ hit, spans }): Finding[] => {
    const base = {
      detector: hit.detector,
      rule: hit.rule,
      severity: hit.severity,
      surface,
      sha256: hit.sha256,
    };
    if (spans.length === 0) return [{ ...base, offset: null, length: null, context: '' }];
    return merged(spans).map((span) => ({
      ...base,
      offset: span.start,
      length: span.end - span.start,
      context: maskedContext(bytes, span, everySpan, goesOn),
    }));
  });
}

/** Overlapping spans put together, in order. */
function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || span.start >= last.end) result.push(span);
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return result;
}
