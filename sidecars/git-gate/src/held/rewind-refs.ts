import type { RefUpdate } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import type { RepoService } from '../repo-service.ts';

const LOCAL_MS = 60_000;

/** Puts refs of the mirror back to the values that an update starts from; only inside the lock. */
export async function rewindRefs({ git, mirror }: RepoService, updates: readonly RefUpdate[]): Promise<void> {
  const refs = await mirror.refs();
  const moved = updates.filter(({ ref, oldOid }) => (refs.get(ref) ?? null) !== oldOid);
  if (moved.length === 0) return;
  const commands = moved.map(({ ref, oldOid }) =>
    oldOid === null ? `delete ${ref}\0\0` : `update ${ref}\0${oldOid}\0\0`,
  );
  const result = await git.run({
    args: ['update-ref', '--stdin', '-z'],
    view: { gitDir: mirror.gitDir, objects: null, alternates: [] },
    input: commands.join(''),
    timeoutMs: LOCAL_MS,
  });
  if (result.code !== 0)
    throw new GitGateServerError(
      'git_failed',
      `a ref of the mirror cannot be moved: ${result.stderr.at(-1) ?? ''}`,
    );
}
