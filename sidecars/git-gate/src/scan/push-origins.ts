import type { ScanRequest } from '../contracts.ts';
import { FindingPlaces } from './finding-places.ts';
import { changesOf, pushedCommits } from './pushed-changes.ts';
import type { GitAccess, ScannedObject } from './scanned-object.ts';
import type { OriginsOf } from './upstream-values.ts';

/** Names that one file can have had. */
const MAX_NAMES = 20;

export interface PushOrigins {
  readonly originsOf: OriginsOf;
  /** a commit of the push that brings the object, null when not known */
  readonly commitOf: (object: ScannedObject) => string | null;
  /** of the objects that were asked for */
  readonly places: FindingPlaces;
}

/**
 * Which commit brought which object and what was renamed or copied from where; asked only when something was found.
 *
 * @param placed oids of which all places are wanted
 */
export async function pushOrigins(
  access: GitAccess,
  tips: ScanRequest['tips'],
  placed: ReadonlySet<string>,
): Promise<PushOrigins> {
  const { oids } = await pushedCommits(access, tips);
  const commits = new Map<string, string>();
  const from = new Map<string, Set<string>>();
  const places = new FindingPlaces(placed);
  // oldest first, so that the first commit that brought an object is named
  const options = ['-t', '-M', '-C', '-l', '1000'];
  for await (const change of changesOf(access, oids.toReversed(), options)) {
    if (!commits.has(change.oid)) commits.set(change.oid, change.source);
    places.add(change);
    if (change.from === null) continue;
    const sources = from.get(change.path) ?? new Set();
    from.set(change.path, sources.add(change.from));
  }
  return {
    originsOf: (path) => {
      const names = new Set([path]);
      for (const name of names) {
        if (names.size >= MAX_NAMES) break;
        for (const source of from.get(name) ?? []) names.add(source);
      }
      return [...names];
    },
    commitOf: ({ type, oid }) => (oid === null ? null : type === 'commit' ? oid : (commits.get(oid) ?? null)),
    places,
  };
}
