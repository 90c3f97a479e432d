import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { cacheFolder, workspaceRoot } from '../workspace.ts';

const INSTALL_MS = 10 * 60_000;

/**
 * Installs what the lock file of an image says, without running any script of it, and keeps of it what `keep` leaves in
 * its folder.
 *
 * @param keep gets the folder with `node_modules`
 * @returns the folder, which is made once for each version
 * @throws ImagesError
 */
export async function installLocked(
  image: string,
  version: string,
  keep: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(cacheFolder, 'prepared', `${image}-${version}`);
  if (existsSync(target)) return target;
  const draft = join(cacheFolder, 'prepared', `.${image}-${process.pid}`);
  await mkdir(draft, { recursive: true });
  try {
    for (const name of ['package.json', 'package-lock.json'])
      await copyFile(join(workspaceRoot, 'images', image, name), join(draft, name));
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await runProgram('npm', args, { cwd: draft, limitMs: INSTALL_MS });
    await keep(draft);
    await rm(join(draft, 'node_modules'), { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}
