import { join } from 'node:path';
import type { CopyOutResult } from '../copy-out.ts';
import type { HostEntry } from '../risks/host-risk.ts';
import type { TreeItem } from './tree-item.ts';

export interface GuestTree {
  /** what is compared; a repository is one item */
  readonly items: ReadonlyMap<string, TreeItem>;
  /** files in repositories */
  readonly internal: ReadonlyMap<string, TreeItem>;
  /** everything, for the rules; texts are null */
  readonly entries: readonly HostEntry[];
  readonly notCompared: ReadonlyArray<{ readonly path: string; readonly why: string }>;
}

/** The outermost repository that a path lies in. */
const insideGit = /^(?:.*?\/)?\.git(?=\/)/s;

/** A fetched workspace as a tree. Of what was not fetched, links count as they are; the rest is not compared. */
export function guestTree({ path: root, entries, skipped }: CopyOutResult): GuestTree {
  const items = new Map<string, TreeItem>();
  const internal = new Map<string, TreeItem>();
  const all: HostEntry[] = [];
  const notCompared: Array<{ path: string; why: string }> = [];
  const add = (path: string, item: TreeItem): void => {
    const git = insideGit.exec(path)?.[0];
    if (git === undefined) items.set(path, item);
    else {
      internal.set(path, item);
      items.set(git, gitItem(join(root, git)));
    }
  };
  for (const { path, type, executable, size, linkTarget } of entries) {
    if (path === '') continue;
    all.push({ path, type, executable, linkTarget, text: null });
    if (type === 'folder') {
      const git = insideGit.exec(`${path}/`)?.[0];
      if (git !== undefined) items.set(git, gitItem(join(root, git)));
    } else add(path, { type, executable, size, linkTarget, file: type === 'file' ? join(root, path) : null });
  }
  for (const { path, inside, type, linkTarget, why } of skipped) {
    if (inside !== null && inside !== '') {
      all.push({ path: inside, type, executable: false, linkTarget, text: null });
      if (type === 'link') {
        add(inside, { type, executable: false, size: 0, linkTarget, file: null });
        continue;
      }
    }
    notCompared.push({ path: inside ?? path, why });
  }
  return { items, internal, entries: all, notCompared };
}

const gitItem = (file: string): TreeItem => ({
  type: 'git',
  executable: false,
  size: 0,
  linkTarget: null,
  file,
});
