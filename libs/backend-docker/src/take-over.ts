import { BackendError } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { findOwned } from './find-owned.ts';
import type { Ownership } from './labels.ts';

/**
 * Makes room for a bottle: what an earlier life of it left is removed, except the home that a resumed one uses.
 *
 * @throws BackendError `launch_failed` when it runs already, `state_missing` without the home to resume
 */
export async function takeOver(docker: Dockerode, { identity }: Ownership, resumed: boolean): Promise<void> {
  const found = await findOwned(docker, identity);
  const holder = found.find(({ owner, role }) => owner === 'alive' && role !== 'home');
  if (holder !== undefined) throw new BackendError('launch_failed', `${identity} runs already`);
  const home = found.find(({ role }) => role === 'home');
  if (resumed && home === undefined)
    throw new BackendError('state_missing', `the home of ${identity} is gone`, {
      hint: `the engine has no volume bot-bottle-${identity}-home; was it launched on another engine?`,
    });
  for (const each of found) {
    if (resumed && each === home) continue;
    if (each.owner === 'unknown' && each.role !== 'home')
      throw new BackendError(
        'launch_failed',
        `${identity} may run on another machine that uses this engine`,
        {
          hint: `if it does not: docker rm -f $(docker ps -aq --filter label=bot-bottle.slug=${identity})`,
        },
      );
    await each.remove();
  }
}
