import type { FindingPlace, ScanRequest } from '../contracts.ts';
import { succeed, type Change } from './pushed-changes.ts';
import { tipLines } from './pushed-objects.ts';
import type { GitAccess, ScannedObject } from './scanned-object.ts';

/** Changes that are remembered. */
const MAX_CHANGES = 5000;
/** A human is not asked about more places of one object, or about more refs. */
const MAX_PLACES = 256;
const MAX_TIPS = 256;

/** Collects where the commits of a push have some of its objects. */
export class FindingPlaces {
  readonly #wanted: ReadonlySet<string>;
  readonly #changes = new Map<string, Change[]>();
  #count = 0;

  constructor(wanted: ReadonlySet<string>) {
    this.#wanted = wanted;
  }

  add(change: Change): void {
    if (!this.#wanted.has(change.oid) || this.#count > MAX_CHANGES) return;
    this.#count += 1;
    const changes = this.#changes.get(change.oid) ?? [];
    changes.push(change);
    this.#changes.set(change.oid, changes);
  }

  /**
   * Every place of each object; none when there are too many to tell.
   *
   * @throws GitGateServerError `git_failed`
   */
  async of(
    access: GitAccess,
    tips: ScanRequest['tips'],
    objects: readonly ScannedObject[],
  ): Promise<(object: ScannedObject) => readonly FindingPlace[]> {
    if (this.#count > MAX_CHANGES || tips.length > MAX_TIPS) return () => [];
    const places = new Map<string | null, readonly FindingPlace[]>();
    const commits = new Set(objects.flatMap((object) => this.#sources(object).map(({ commit }) => commit)));
    const refs = await refsOf(access, tips, commits);
    // many findings share an object
    for (const object of objects) {
      if (!places.has(object.oid)) places.set(object.oid, this.#places(tips, refs, object));
    }
    return ({ oid }) => places.get(oid) ?? [];
  }

  /** Each path of a ref once, with the commit that comes first. */
  #places(
    tips: ScanRequest['tips'],
    refs: ReadonlyMap<string, readonly string[]>,
    object: ScannedObject,
  ): readonly FindingPlace[] {
    const places = new Map<string, FindingPlace>();
    for (const { path, commit } of this.#sources(object)) {
      for (const ref of refs.get(commit) ?? []) {
        const key = JSON.stringify([ref, path]);
        if (!places.has(key)) places.set(key, { ref, path, commit });
      }
      if (places.size > MAX_PLACES) return [];
    }
    if (places.size > 0) return [...places.values()];
    // no commit has it: a tag, or what a tag names; else nobody knows, so every ref may
    const direct = tips.filter(({ oid }) => oid === object.oid);
    return (direct.length > 0 ? direct : tips).map(({ ref }) => ({ ref, path: object.path, commit: null }));
  }

  #sources({ type, oid }: ScannedObject): Array<{ readonly path: string | null; readonly commit: string }> {
    if (oid === null) return [];
    if (type === 'commit') return [{ path: null, commit: oid }];
    return (this.#changes.get(oid) ?? []).map(({ path, source }) => ({ path, commit: source }));
  }
}

/** The refs that reach each commit of a push. */
async function refsOf(
  access: GitAccess,
  tips: ScanRequest['tips'],
  commits: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const refs = new Map<string, string[]>();
  if (commits.size === 0) return refs;
  for (const tip of tips) {
    const { stdout } = await succeed(access, {
      args: ['rev-list', '--stdin', '--not', '--all'],
      input: tipLines([tip]),
    });
    for (const oid of stdout.toString('latin1').split('\n'))
      if (commits.has(oid)) refs.set(oid, [...(refs.get(oid) ?? []), tip.ref]);
  }
  return refs;
}
