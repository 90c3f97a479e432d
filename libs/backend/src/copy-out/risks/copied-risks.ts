import { basename, join } from 'node:path';
import type { CopyOutResult } from '../copy-out.ts';
import type { CopiedEntry } from '../copied-entry.ts';
import type { HostEntry, HostRisk } from './host-risk.ts';
import { hostRisks, wantsText } from './host-risks.ts';
import { readText } from './read-text.ts';

/**
 * What of a copy could execute on the host. Names count by where they were in the bottle and by where they are now: a
 * hook copied alone is judged by the first, a script put in `.git/hooks` by the second.
 *
 * @param guestPath what was copied, absolute
 * @returns paths begin with the name of the copy
 */
export async function copiedRisks(
  result: Pick<CopyOutResult, 'path' | 'entries'>,
  guestPath: string,
): Promise<HostRisk[]> {
  const name = basename(result.path);
  const shown = (path: string): string => (path === '' ? name : `${name}/${path}`);
  const places = [guestPath, result.path].map((place) => place.replace(/^\/+|\/+$/g, ''));
  const placed = (place: string, path: string): string => (path === '' ? place : `${place}/${path}`);
  const entries: HostEntry[] = [];
  for (const entry of result.entries) {
    const isWanted = entry.type === 'file' && places.some((place) => wantsText(placed(place, entry.path)));
    entries.push(hostEntry(entry, isWanted ? await readText(join(result.path, entry.path)) : null));
  }
  const found = places.flatMap((place) => {
    const length = place.length + 1;
    const moved = entries.map((entry) => ({ ...entry, path: placed(place, entry.path) }));
    return hostRisks(moved).map((risk) => ({ ...risk, path: shown(risk.path.slice(length)) }));
  });
  const unique = new Map(found.map((risk) => [`${risk.path}\0${risk.kind}\0${risk.why}`, risk]));
  return [...unique.values()];
}

/** An unpacked thing as `hostRisks` takes it. */
export function hostEntry(entry: CopiedEntry, text: string | null): HostEntry {
  const { path, type, executable, linkTarget } = entry;
  return { path, type, executable, linkTarget, text };
}
