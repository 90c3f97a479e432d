import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ImagesError } from '../images-error.ts';
import type { Versions } from '../read-versions.ts';
import { runProgram } from '../run-program.ts';
import { cacheFolder, workspaceRoot } from '../workspace.ts';

const BUILD_MS = 10 * 60_000;
/** Where the set-up of the tests puts the same program. */
const installed = join(workspaceRoot, '.cache/programs/bin/gitleaks');
const withGo = { PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` };

/**
 * The gitleaks of exactly the pinned source, without libraries, for this machine's architecture.
 *
 * @throws ImagesError
 */
export async function prepareGitleaks(
  pinned: Versions['gitleaks'],
  say: (line: string) => void,
): Promise<string> {
  const { module, version } = pinned;
  const target = join(cacheFolder, 'prepared', `gitleaks-${version}`, 'gitleaks');
  for (const known of [installed, target]) if (await isPinned(known, pinned)) return known;
  say(`building gitleaks ${version}`);
  const draft = join(cacheFolder, 'prepared', `.gitleaks-${process.pid}`);
  await mkdir(draft, { recursive: true });
  try {
    const args = ['install', '-trimpath', '-ldflags', '-s -w', `${module}@${version}`];
    await runProgram('go', args, { env: { ...withGo, GOBIN: draft, CGO_ENABLED: '0' }, limitMs: BUILD_MS });
    if (!(await isPinned(join(draft, 'gitleaks'), pinned)))
      throw new ImagesError('failed', `what was built is not ${module} ${version} with the pinned sum`);
    await rm(join(target, '..'), { recursive: true, force: true });
    await rename(draft, join(target, '..'));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}

/** What Go itself wrote into a program: source, the hash of its content, and that it needs no library. */
async function isPinned(file: string, { module, version, sum }: Versions['gitleaks']): Promise<boolean> {
  if (!existsSync(file)) return false;
  const built = await runProgram('go', ['version', '-m', file], { env: withGo });
  return built.includes(`\t${module}\t${version}\t${sum}\n`) && built.includes('\tCGO_ENABLED=0\n');
}
