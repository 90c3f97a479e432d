import { promptPath } from '@bot-bottle/providers';
import type { Bottle } from '../contracts.ts';
import { guestCaFile } from '../env/guest-paths.ts';
import { systemPath } from './system-path.ts';
import { BackendError } from '../errors.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { execInBottle } from './exec-in-bottle.ts';
import { guestGitConfig } from './guest-git-config.ts';
import { homeRelative } from './provision-entries.ts';

// Constant text; everything that varies comes as an argument: home, workspace or '', folders, --, what goes whole.
const script = `${systemPath}
cd -- "$1" || exit
if [ -n "$2" ]; then
  if [ ! -d "$2" ]; then rm -f -- "$2" && mkdir -- "$2" || exit
  elif [ ! -L "$2" ]; then chmod u+rwx -- "$2" || exit; fi
fi
shift 2
while [ "$1" != -- ]; do
  if [ -d "$1" ] && [ ! -L "$1" ]; then chmod u+rwx -- "$1"; else rm -f -- "$1"; fi || exit
  shift
done
shift
for path do
  if [ -d "$path" ] && [ ! -L "$path" ]; then chmod -R u+rwX -- "$path"; fi
  rm -rf -- "$path" || exit
done`;

/**
 * Makes way for what is provisioned into a home that an earlier agent left: whatever it put at those paths goes, and on
 * the way to them are folders only, no links. The rest stays as it is; a workspace that is gone is made anew. Runs in the bottle, where a link leads nowhere
 * that the agent could not go itself.
 *
 * @throws BackendError `provision_failed`
 */
export async function clearKeptHome(
  bottle: Bottle,
  plan: BottlePlan,
  options: { readonly env: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
): Promise<void> {
  const files = [
    guestCaFile,
    promptPath(plan.guestHome),
    ...plan.provision.files.map(({ path }) => path),
    ...plan.skills.map(({ name }) => `${plan.skillsDir}/${name}`),
    ...(guestGitConfig(plan) === null ? [] : [`${plan.guestHome}/.gitconfig`]),
  ].map((path) => homeRelative(plan, path));
  const dirs = plan.provision.dirs.map(({ path }) => homeRelative(plan, path));
  const folders = new Set([...files.flatMap(above), ...dirs.flatMap((path) => [...above(path), path])]);
  const workspace = plan.resumed?.workspace === true ? homeRelative(plan, plan.workdir) : '';
  const argv = [
    '/bin/sh',
    '-c',
    script,
    'clear-kept-home',
    plan.guestHome,
    workspace,
    ...folders,
    '--',
    ...files,
  ];
  const { code, stderr } = await execInBottle(bottle, argv, { ...options, cwd: '/', timeoutMs: 600_000 });
  if (code === 0) return;
  throw new BackendError('provision_failed', 'what the earlier agent left cannot be replaced', {
    data: { code, stderr: stderr.slice(0, 4096) },
  });
}

/** Every folder on the way to a relative path, outermost first. */
function above(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}
