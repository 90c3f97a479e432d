import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ImagesError } from '../images-error.ts';
import type { Versions } from '../read-versions.ts';
import { runProgram } from '../run-program.ts';
import { cacheFolder } from '../workspace.ts';

const BUILD_MS = 10 * 60_000;

/**
 * The gitleaks of exactly the pinned source, without libraries, for this machine's architecture.
 *
 * @throws ImagesError
 */
export async function prepareGitleaks(
  { module, version, sum }: Versions['gitleaks'],
  say: (line: string) => void,
): Promise<string> {
  const target = join(cacheFolder, 'prepared', `gitleaks-${version}`, 'gitleaks');
  if (existsSync(target)) return target;
  say(`building gitleaks ${version}`);
  const draft = join(cacheFolder, 'prepared', `.gitleaks-${process.pid}`);
  await mkdir(draft, { recursive: true });
  try {
    const env = { GOBIN: draft, CGO_ENABLED: '0', PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` };
    const args = ['install', '-trimpath', '-ldflags', '-s -w', `${module}@${version}`];
    await runProgram('go', args, { env, limitMs: BUILD_MS });
    const built = await runProgram('go', ['version', '-m', join(draft, 'gitleaks')], { env });
    if (!built.includes(`\t${module}\t${version}\t${sum}\n`))
      throw new ImagesError('failed', `what was built is not ${module} ${version} with the pinned sum`);
    await rm(join(target, '..'), { recursive: true, force: true });
    await rename(draft, join(target, '..'));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}
