import { createHash, randomBytes } from 'node:crypto';
import { output } from '../../../../sidecars/git-gate/test/support/run-program.ts';

const env = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', HOME: '/nonexistent' };

/** Runs git without any configuration of the machine. */
export function git(folder: string, args: readonly string[], input?: Uint8Array): Promise<string> {
  return output('git', args, {
    cwd: folder,
    env,
    timeoutMs: 600_000,
    ...(input === undefined ? {} : { input }),
  });
}

/** A repository whose branch `main` has `count` commits that each change one of fifty source files. */
export async function makeCommits(folder: string, count: number): Promise<void> {
  await git(folder, ['init', '-q', '--initial-branch=main', '.']);
  const parts: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const body = sourceFile(index);
    const message = `change ${index}`;
    parts.push(
      `commit refs/heads/main\ncommitter Bench <bench@example.com> ${1_700_000_000 + index} +0000\n`,
      `data ${message.length}\n${message}\n`,
      `M 100644 inline src/module-${index % 50}.ts\ndata ${Buffer.byteLength(body)}\n${body}\n\n`,
    );
  }
  await git(folder, ['fast-import', '--quiet'], Buffer.from(parts.join('')));
}

/** About 4 KiB of code without anything that looks like a credential. */
function sourceFile(seed: number): string {
  const lines: string[] = [];
  for (let line = 0; line < 80; line += 1) {
    const word = createHash('sha1').update(`${seed}-${line}`).digest('hex').replaceAll(/\d/g, '').slice(0, 8);
    lines.push(`export const ${word} = (value: number): number => value * ${line + (seed % 97)};`);
  }
  return `${lines.join('\n')}\n`;
}

/** A bare repository of `mebibytes` of bytes that do not compress, 1 MiB a file. */
export async function fillWithBlobs(bare: string, mebibytes: number): Promise<void> {
  await git(bare, ['config', 'core.compression', '0']);
  for (let done = 0; done < mebibytes; done += 50) {
    const parts: Buffer[] = [];
    const when = 1_700_000_000 + done;
    parts.push(
      Buffer.from(`commit refs/heads/main\ncommitter Bench <bench@example.com> ${when} +0000\ndata 0\n`),
    );
    if (done > 0) parts.push(Buffer.from('from refs/heads/main^0\n'));
    for (let file = done; file < Math.min(done + 50, mebibytes); file += 1)
      parts.push(
        Buffer.from(`M 100644 inline blob-${file}\ndata ${1024 ** 2}\n`),
        randomBytes(1024 ** 2),
        Buffer.from('\n'),
      );
    await git(bare, ['fast-import', '--quiet'], Buffer.concat(parts));
  }
}
