import { access } from 'node:fs/promises';
import { visibleLine } from '@bot-bottle/audit';
import { BackendError, type Leftover } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { systemCodeOf } from './engine/engine-error.ts';
import { findOwned, type Owned } from './find-owned.ts';

/**
 * What bottles left on the engine whose owner is gone. What belongs to a process of another machine is not ours to
 * judge, and a home stays as long as its state does.
 *
 * @throws what the engine's client throws
 */
export async function findLeftovers(
  docker: Dockerode,
  live: ReadonlySet<string>,
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const each of await findOwned(docker)) {
    if (live.has(each.identity) || each.owner !== 'dead' || (await isNeeded(each))) continue;
    found.push({
      backend: 'docker',
      kind: each.kind,
      identity: each.identity,
      description: visibleLine(`${each.kind} ${each.name}`, 200),
      remove: async () => {
        // Somebody may have resumed it since it was found.
        const now = await findOwned(docker, each.identity);
        if (now.some(({ owner }) => owner === 'alive') || (await isNeeded(each)))
          throw new BackendError('state_locked', `kept, because ${each.identity} runs now`, {
            data: { identity: each.identity },
          });
        await each.remove();
      },
    });
  }
  return found;
}

async function isNeeded({ role, stateDir }: Owned): Promise<boolean> {
  if (role !== 'home') return false;
  // A state that may not be looked at is somebody else's, and may be there.
  return await access(stateDir).then(
    () => true,
    (error: unknown) => !['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? ''),
  );
}
