import { join } from 'node:path';
import { resolveGitDir } from '../../workspace/git/resolve-git-dir.ts';
import { safeGitConfig } from '../../workspace/git/safe-git-config.ts';
import { gitConfigVariables } from '../risks/content/git-config-variables.ts';
import type { HostRisk } from '../risks/host-risk.ts';
import { readText } from '../risks/read-text.ts';

const directions = new Set(['url', 'pushurl', 'remote', 'pushremote', 'merge', 'push']);

/**
 * Where a repository's remotes and branches lead that did not lead there when it was copied in: harmless to read, but the
 * next fetch or push of the operator would go there.
 *
 * @param path of `.git` in the workspace
 */
export async function redirectedRemotes(
  path: string,
  hostGit: string,
  guestGit: string,
): Promise<HostRisk[]> {
  const after = gitConfigVariables((await readText(join(guestGit, 'config'))) ?? '') ?? [];
  const found = await resolveGitDir(hostGit).catch(() => null);
  if (found === null || !('ok' in found)) return [];
  const { common, own } = found.ok;
  const texts = await Promise.all([readText(join(common, 'config')), readText(join(own, 'config.worktree'))]);
  const before = gitConfigVariables(safeGitConfig(texts[0] ?? '', texts[1] ?? '')) ?? [];
  const known = new Set(before.map((variable) => JSON.stringify(variable)));
  const remotes = new Set(before.map(({ section, subsection }) => `${section} ${subsection ?? ''}`));
  return after
    .filter(({ section, key }) => (section === 'remote' || section === 'branch') && directions.has(key))
    .filter((variable) => !known.has(JSON.stringify(variable)))
    .filter(({ section, subsection, key }) => {
      // A new branch that follows its own remote is what every push leaves.
      const isNew = !remotes.has(`${section} ${subsection ?? ''}`);
      return section === 'remote' ? key !== 'push' || !isNew : !isNew;
    })
    .map(({ section, subsection, key, value }) => ({
      path: `${path}/config`,
      kind: 'git' as const,
      why: `sends fetches or pushes elsewhere: ${section}.${subsection ?? ''}.${key} = ${value ?? ''}`,
    }));
}
