import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Versions } from '../read-versions.ts';
import { workspaceRoot } from '../workspace.ts';
import { installLocked } from './install-locked.ts';

const packageSchema = z.object({ version: z.string() });

/**
 * Claude Code's program, one file. The one that the set-up installed for the tests is taken when it is of the pinned
 * version: it is hundreds of megabytes.
 *
 * @throws ImagesError
 */
export async function prepareClaude(
  { version }: Versions['claude'],
  say: (line: string) => void,
): Promise<string> {
  const name = `@anthropic-ai/claude-code-linux-${process.arch}`;
  const installed = join(workspaceRoot, '.cache/programs/node_modules', name);
  if ((await versionIn(installed)) === version) return join(installed, 'claude');
  say(`fetching Claude Code ${version}`);
  const folder = await installLocked('agent-claude', version, async (draft) => {
    await rename(join(draft, 'node_modules', name, 'claude'), join(draft, 'claude'));
  });
  return join(folder, 'claude');
}

async function versionIn(folder: string): Promise<string | null> {
  if (!existsSync(join(folder, 'claude'))) return null;
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  return packageSchema.safeParse(JSON.parse(text)).data?.version ?? null;
}
