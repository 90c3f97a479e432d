import { createHash } from 'node:crypto';
import type { HeadSurfaces } from '../contracts.ts';
import type { Hit } from '../detectors/hit.ts';

export type EntropySurface = 'host' | 'path' | 'query';

/** Shortest run that is looked at, in characters. */
const MIN_RUN = 24;
/**
 * Changes between lower case, upper case and digits per character. Random base64 has 0.48, hex 0.47, base32 0.29;
 * words, versions and identifiers stay below 0.2.
 */
const MIN_CHANGES = 0.25;
/** Bits per character over the run's own characters; random hex of 24 characters has about 3.5. */
const MIN_BITS = 3;
const runs = /[A-Za-z0-9+/_=-]{24,}/g;
const segments = /[A-Za-z0-9+_=-]{24,}/g;
/** What a path names contents by: git objects, image layers. One alone in its segment of the path passes. */
const digest = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Long random runs in host, path and query: what somebody writes there who has no other place to write to. */
export function scanEntropy(head: HeadSurfaces): Array<{ surface: EntropySurface; text: string; hit: Hit }> {
  const found: Array<{ surface: EntropySurface; text: string; hit: Hit }> = [];
  const look = (surface: EntropySurface, text: string, pattern: RegExp): void => {
    for (const match of text.matchAll(pattern)) {
      const [run] = match;
      if (uuid.test(run) || (surface === 'path' && digest.test(run)) || !isRandom(run)) continue;
      found.push({ surface, text, hit: hitOf(surface, run, match.index, match.index + run.length) });
    }
  };
  // labels are short, so a name is looked at as if it had no dots
  const host = head.host.replaceAll('.', '');
  if (host.length >= MIN_RUN) {
    const labels = head.host.split('.').filter((label) => label.length >= 16 && isRandom(label));
    const joined = labels.join('');
    if (joined.length >= MIN_RUN) {
      const hit = hitOf('host', head.host, 0, head.host.length);
      found.push({ surface: 'host', text: head.host, hit });
    }
  }
  look('path', head.path, segments);
  if (head.query !== null) look('query', head.query, runs);
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
