import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ImagesError } from '../images-error.ts';
import type { Versions } from '../read-versions.ts';
import { installLocked } from './install-locked.ts';

/**
 * Folder with Codex' program and the tools that it finds beside itself, without those for speech.
 *
 * @throws ImagesError
 */
export async function prepareCodex(
  { version }: Versions['codex'],
  say: (line: string) => void,
): Promise<string> {
  const folder = await installLocked('agent-codex', version, async (draft) => {
    say(`fetched Codex ${version}`);
    const vendor = join(draft, 'node_modules/@openai', `codex-linux-${process.arch}`, 'vendor');
    const [triple] = await readdir(vendor).catch(() => []);
    if (triple === undefined)
      throw new ImagesError('missing', `Codex ${version} has no program for this architecture`);
    await rename(join(vendor, triple), join(draft, 'program'));
    await rm(join(draft, 'program/codex-resources/voice'), { recursive: true, force: true });
  });
  return join(folder, 'program');
}
