import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resolveGitDir } from '../../workspace/git/resolve-git-dir.ts';
import { walkWorkspace } from '../../workspace/walk-workspace.ts';
import type { Tree, TreeItem } from './tree-item.ts';

/** What of a folder would enter a bottle today, by the rules of the copy. */
export async function hostTree(source: string): Promise<Tree> {
  const tree = new Map<string, TreeItem>();
  for await (const item of walkWorkspace(source, [])) {
    const nothing = { executable: false, size: 0, linkTarget: null, file: null };
    if (item.kind === 'link') tree.set(item.path, { ...nothing, type: 'link', linkTarget: item.target });
    else if (item.kind === 'git') {
      if ('ok' in (await resolveGitDir(item.hostPath)))
        tree.set(item.path, { ...nothing, type: 'git', file: item.hostPath });
    } else if (item.kind === 'file') {
      const { size, hostPath, mode } = item;
      tree.set(item.path, {
        type: 'file',
        executable: (mode & 0o111) !== 0,
        size,
        linkTarget: null,
        file: hostPath,
      });
    }
  }
  return tree;
}

/** What is at a path that the rules leave out; null: nothing, or behind a link. */
export async function hostItem(source: string, path: string): Promise<TreeItem | null> {
  const file = join(source, path);
  try {
    if ((await realpath(dirname(file))) !== dirname(file)) return null;
    const found = await lstat(file);
    const { size } = found;
    if (found.isSymbolicLink())
      return { type: 'link', executable: false, size: 0, linkTarget: await readlink(file), file: null };
    if (!found.isFile()) return null;
    return { type: 'file', executable: (found.mode & 0o111) !== 0, size, linkTarget: null, file };
  } catch {
    return null;
  }
}

/** Whether the host's file was changed after the bottle started. */
export async function isNewer(source: string, path: string, since: Date | null): Promise<boolean> {
  if (since === null) return false;
  const found = await lstat(join(source, path)).catch(() => null);
  return found !== null && found.mtimeMs > since.getTime();
}
