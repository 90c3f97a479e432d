import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientOptions } from './client.ts';

const unpacked = join(import.meta.dirname, '../../../../.cache/programs/git-2.30/usr');

/**
 * The oldest git that the gate serves (Debian 11's package, unpacked without being installed), null when it is not
 * there: its tests are then skipped, unless BOT_BOTTLE_REQUIRE names `git-2.30`.
 */
export const oldestGit: Pick<ClientOptions, 'git' | 'env'> | null = find();

function find(): Pick<ClientOptions, 'git' | 'env'> | null {
  if (existsSync(join(unpacked, 'bin/git'))) {
    return {
      git: join(unpacked, 'bin/git'),
      env: {
        GIT_EXEC_PATH: join(unpacked, 'lib/git-core'),
        GIT_TEMPLATE_DIR: join(unpacked, 'share/git-core/templates'),
      },
    };
  }
  if ((process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('git-2.30')) {
    throw new Error('BOT_BOTTLE_REQUIRE names git-2.30, and .cache/programs/git-2.30 does not hold it');
  }
  process.stderr.write('skipped: tests that need git 2.30, .cache/programs/git-2.30 does not hold it\n');
  return null;
}
