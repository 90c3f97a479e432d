import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '@bot-bottle/backend';
import { ownDir } from './guest-layout.ts';

export interface InitFiles {
  /** host paths by their name in the folder of our own files */
  readonly own: Readonly<Record<string, string>>;
  /** path inside of the file to run */
  readonly main: string;
}

/**
 * Where init is: beside this file when built, its sources when run from source, else in the installed package (another
 * program may have bundled this file).
 *
 * @throws BackendError `backend_unavailable` when the package was not built
 */
export function initFiles(): InitFiles {
  const here = dirname(fileURLToPath(import.meta.url));
  if (existsSync(join(here, 'init', 'init.ts'))) {
    const own = { init: join(here, 'init'), 'package.json': join(dirname(here), 'package.json') };
    return { own, main: `${ownDir}/init/init.ts` };
  }
  for (const built of [join(here, 'init.js'), installed()]) {
    if (built !== null && existsSync(built))
      return { own: { 'init.mjs': built }, main: `${ownDir}/init.mjs` };
  }
  throw new BackendError('backend_unavailable', 'the program that starts a bottle is missing', {
    hint: 'install @bot-bottle/backend-bubblewrap again',
  });
}

function installed(): string | null {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@bot-bottle/backend-bubblewrap/package.json')), 'dist', 'init.js');
  } catch {
    return null;
  }
}
