import { createHash } from 'node:crypto';
import type { HeadSurfaces } from '../contracts.ts';
import type { Hit } from '../detectors/hit.ts';
import { tableOf } from '../literals/table-of.ts';

export type EntropySurface = 'host' | 'path' | 'query';

/** What was found in one surface. */
export interface EntropyHits {
  readonly surface: EntropySurface;
  readonly text: string;
  readonly hits: readonly Hit[];
}

/** Shortest run that is looked at, in characters. */
const MIN_RUN = 24;
/**
 * Changes between lower case, upper case and digits per character. Random base64 has 0.48, hex 0.47, base32 0.29;
 * words, versions and identifiers stay below 0.2.
 */
const MIN_CHANGES = 0.25;
/** Bits per character over the run's own characters; random hex of 24 characters has about 3.5. */
const MIN_BITS = 3;
/** 1 for what a run consists of, and a run in a path */
const inRun = tableOf(/[A-Za-z0-9+/_=-]/);
const inSegment = tableOf(/[A-Za-z0-9+_=-]/);
/** What a path names contents by: git objects, image layers. One alone in its segment of the path passes. */
const digest = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Long random runs in host, path and query: what somebody writes there who has no other place to write to. */
export function scanEntropy(head: HeadSurfaces): EntropyHits[] {
  const found: EntropyHits[] = [];
  const look = (surface: EntropySurface, text: string, chars: Uint8Array): void => {
    const hits: Hit[] = [];
    for (let start = 0; start < text.length; start++) {
      // a pattern would run out of memory for a run of megabytes
      let end = start;
      while (chars[text.charCodeAt(end)] === 1) end++;
      if (end - start >= MIN_RUN) {
        const run = text.slice(start, end);
        const isName = uuid.test(run) || (surface === 'path' && digest.test(run));
        if (!isName && isRandom(run)) hits.push(hitOf(surface, run, start, end));
      }
      start = end;
    }
    if (hits.length > 0) found.push({ surface, text, hits });
  };
  // labels are short, so a name is looked at as if it had no dots
  const host = head.host.replaceAll('.', '');
  if (host.length >= MIN_RUN) {
    const labels = head.host.split('.').filter((label) => label.length >= 16 && isRandom(label));
    const joined = labels.join('');
    if (joined.length >= MIN_RUN) {
      const hit = hitOf('host', head.host, 0, head.host.length);
      found.push({ surface: 'host', text: head.host, hits: [hit] });
    }
  }
  look('path', head.path, inSegment);
  if (head.query !== null) look('query', head.query, inRun);
  return found;
}

function isRandom(run: string): boolean {
  let changes = 0;
  let previous = -1;
  const counts = new Map<string, number>();
  for (const char of run) {
    counts.set(char, (counts.get(char) ?? 0) + 1);
    const kind = char >= 'a' ? 0 : char >= 'A' && char <= 'Z' ? 1 : char >= '0' && char <= '9' ? 2 : previous;
    // a capital before a small letter begins a word
    if (previous !== -1 && kind !== previous && !(previous === 1 && kind === 0)) changes++;
    previous = kind;
  }
  if (changes / run.length < MIN_CHANGES) return false;
  let bits = 0;
  for (const count of counts.values()) bits -= (count / run.length) * Math.log2(count / run.length);
  return bits >= MIN_BITS;
}

function hitOf(surface: EntropySurface, value: string, start: number, end: number): Hit {
  const sha256 = createHash('sha256').update(value).digest('hex');
  return { detector: 'entropy', rule: `entropy/${surface}`, severity: 'low', sha256, start, end };
}
