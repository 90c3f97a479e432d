import { lstat, readdir, readlink } from 'node:fs/promises';
import { isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { BackendError } from '../errors.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { isWithin } from './refuse-folder.ts';

/** Something in a workspace that is to be copied. */
export type WorkspaceItem =
  | { readonly kind: 'dir'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly hostPath: string;
      readonly mode: number;
      readonly size: number;
      readonly included: boolean;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** `.git`, folder or file */
  | { readonly kind: 'git'; readonly path: string; readonly hostPath: string };

interface Folder {
  readonly path: string;
  readonly rules: IgnoreRules;
  /** whether the folder itself is ignored, and only visited for what is included below it */
  readonly ignored: boolean;
}

/**
 * Everything of a folder that may be copied, parents before children, by name. Files that git or `.bottleignore` ignores
 * are left out unless included; sockets, pipes and devices always; links are not followed.
 *
 * @param include paths relative to `source` as `normalizeInclude` returns them
 */
export async function* walkWorkspace(
  source: string,
  include: readonly string[],
): AsyncGenerator<WorkspaceItem> {
  const above = await IgnoreRules.above(source, hasGit);
  const pending: Folder[] = [{ path: '', rules: above, ignored: false }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const rules = await folder.rules.enter(join(source, folder.path));
    const below: Folder[] = [];
    const names: string[] = await readdir(join(source, folder.path)).catch(() => []);
    for (const name of names.toSorted()) {
      const path = folder.path === '' ? name : `${folder.path}/${name}`;
      const item = await itemAt(source, path);
      if (item === null) continue;
      if (item.kind === 'git') {
        if (!folder.ignored) yield item;
        continue;
      }
      const included = include.some((wanted) => isWithin(path, wanted));
      const ignored = !included && (folder.ignored || rules.ignores(join(source, path), item.kind === 'dir'));
      const onTheWay = item.kind === 'dir' && include.some((wanted) => isWithin(wanted, path));
      if (ignored && !onTheWay) continue;
      if (item.kind === 'dir') below.push({ path, rules, ignored });
      yield item.kind === 'file' ? { ...item, included } : item;
    }
    pending.push(...below.toReversed());
  }
}

/**
 * Paths given with `--include`, relative to the workspace.
 *
 * @throws BackendError `workspace_refused` when one lies outside or is not there
 */
export async function normalizeInclude(source: string, include: readonly string[]): Promise<string[]> {
  const result: string[] = [];
  for (const given of include) {
    const path = relative(source, isAbsolute(given) ? given : resolve(source, normalize(given)));
    if (path === '' || !isWithin(join(source, path), source)) {
      throw new BackendError('workspace_refused', `--include ${given}: does not lie in ${source}`, {
        data: { include: given },
      });
    }
    const found = await lstat(join(source, path)).catch(() => null);
    if (found === null) {
      throw new BackendError('workspace_refused', `--include ${given}: there is no such file in ${source}`, {
        data: { include: given },
      });
    }
    result.push(path);
  }
  return result;
}

async function itemAt(source: string, path: string): Promise<WorkspaceItem | null> {
  const hostPath = join(source, path);
  try {
    const found = await lstat(hostPath);
    const isGit = path === '.git' || path.endsWith('/.git');
    if (isGit && (found.isDirectory() || found.isFile())) return { kind: 'git', path, hostPath };
    if (found.isDirectory()) return { kind: 'dir', path, mode: 0o755 };
    if (found.isSymbolicLink()) return { kind: 'link', path, target: await readlink(hostPath) };
    if (!found.isFile()) return null;
    const mode = (found.mode & 0o111) === 0 ? 0o644 : 0o755;
    return { kind: 'file', path, hostPath, mode, size: found.size, included: false };
  } catch {
    return null;
  }
}

async function hasGit(folder: string): Promise<boolean> {
  return await lstat(join(folder, '.git')).then(
    () => true,
    () => false,
  );
}
