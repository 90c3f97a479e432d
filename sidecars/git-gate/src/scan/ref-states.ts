import type { RefUpdate } from '../contracts.ts';
import { succeed } from './pushed-changes.ts';
import type { GitAccess } from './scanned-object.ts';

/** A ref of a push with what it is compared with; all but the ref are hex. */
export interface RefState {
  readonly ref: string;
  /** what it becomes */
  readonly oid: string;
  /** null: it is no commit */
  readonly commit: string | null;
  readonly tree: string;
  readonly isNew: boolean;
  /** tree that it has now; of a new one the default branch's, or the empty one */
  readonly before: string;
}

/** Trees that exist in every repository without being stored. */
const emptyTrees: Readonly<Record<number, string>> = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/** States of the refs that get other files than they have, in one run of git. A blob has no files. */
export async function refStates(
  access: GitAccess,
  updates: readonly RefUpdate[],
  defaultBranch: string | null,
): Promise<{ readonly defaultTree: string | null; readonly states: readonly RefState[] }> {
  const names = [
    defaultBranch ?? '',
    ...updates.flatMap(({ oldOid, newOid }) => [oldOid ?? '', newOid ?? '']),
  ];
  const { stdout } = await succeed(access, {
    args: ['cat-file', '--batch-check=%(objectname)'],
    input: names
      .map((name) => (name === '' ? zero : name))
      .map((name) => `${name}^{tree}\n${name}^{commit}\n`)
      .join(''),
  });
  const found = stdout
    .toString('latin1')
    .split('\n')
    .map((line) => (/^[0-9a-f]{40,64}$/.test(line) ? line : null));
  const defaultTree = found[0] ?? null;
  const states = updates.flatMap(({ ref, oldOid, newOid }, index) => {
    const [oldTree, , tree, commit] = found.slice(2 + index * 4, 6 + index * 4);
    if (newOid === null || tree === null || tree === undefined) return [];
    const empty = emptyTrees[newOid.length] ?? '';
    const isNew = oldOid === null;
    const before = (isNew ? defaultTree : oldTree) ?? empty;
    return before === tree ? [] : [{ ref, oid: newOid, commit: commit ?? null, tree, isNew, before }];
  });
  return { defaultTree, states };
}

/** Names no object. */
const zero = '0'.repeat(40);
