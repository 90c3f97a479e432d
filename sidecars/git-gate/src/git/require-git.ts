import type { Git } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';

/** The first that reads GIT_CONFIG_COUNT: an older one would run without the gate's configuration. */
const OLDEST = [2, 31] as const;

/**
 * Refuses a git that is too old to be kept in its bounds.
 *
 * @throws GitGateServerError `invalid_config`
 */
export async function requireGit(git: Git): Promise<void> {
  const { stdout } = await git.run({ args: ['version'], view: null, timeoutMs: 10_000 });
  const [, major, minor] = /^git version (\d+)\.(\d+)/.exec(stdout.toString()) ?? [];
  const newer = Number(major) - OLDEST[0] || Number(minor) - OLDEST[1];
  if (newer >= 0) return;
  throw new GitGateServerError(
    'invalid_config',
    `the git gate needs git ${OLDEST.join('.')} or newer, found ${major === undefined ? 'none' : `${major}.${minor}`}: install a newer one`,
  );
}
