import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { installHooks } from '../src/push/hooks.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp('/tmp/git-gate-hooks-');
  await installHooks(folder);
  return async () => await rm(folder, { recursive: true, force: true });
});

/** Runs a hook as receive-pack does; `answer` gets what it says, up to its question. */
async function run(
  hook: string,
  input: string,
  answer: ((said: string) => string) | null,
  env: Record<string, string> = {},
): Promise<{ code: number | null; said: string; shown: string }> {
  const child = spawn(join(folder, hook), ['refs/heads/x'], {
    env,
    stdio: ['pipe', 'ignore', 'pipe', answer === null ? 'ignore' : 'pipe'],
  });
  const channel = (child.stdio as readonly unknown[])[3] as Duplex | null;
  let [said, shown] = ['', ''];
  child.stderr?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  child.stdin?.on('error', () => undefined);
  channel?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (/^(?:end|update .*)$/m.test(said)) channel.end(answer?.(said));
  });
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said, shown };
}

const quarantine = { GIT_QUARANTINE_PATH: '/q' };

test('hands on what git says and shows what the server says', async () => {
  const { code, said, shown } = await run(
    'pre-receive',
    'a b refs/heads/x\n',
    () => 'say hello\nok\n',
    quarantine,
  );
  expect(said).toBe('quarantine /q\noptions 0\nref a b refs/heads/x\nend\n');
  expect(shown).toBe('git-gate: hello\n');
  expect(code).toBe(0);
});

test.each([
  ['no', 'no\n'],
  ['the end of the answers', 'say something\n'],
  ['an answer that is cut off', 'ok'],
  ['nothing', ''],
  ['another word', 'OK\n'],
])('%s refuses', async (_, answer) => {
  expect((await run('pre-receive', '', () => answer, quarantine)).code).not.toBe(0);
  expect((await run('update', '', () => answer)).code).not.toBe(0);
});

test('refuses without a server', async () => {
  expect((await run('pre-receive', 'a b c\n', null, quarantine)).code).not.toBe(0);
  expect((await run('update', '', null)).code).not.toBe(0);
});

test('evaluates nothing of what it reads, and keeps every line a line of its own', async () => {
  const hostile = '$(id) `id` ${PATH} \\n %s * ; ok';
  const { said, shown } = await run(
    'pre-receive',
    `${hostile}\nend\nok\nupdate x\n`,
    () => `say ${hostile}\nok\n`,
    { ...quarantine, GIT_PUSH_OPTION_COUNT: '2', GIT_PUSH_OPTION_0: 'x\nend' },
  );
  expect(said).toBe(`quarantine /q\noptions 2\nref ${hostile}\nref end\nref ok\nref update x\nend\n`);
  expect(shown).toBe(`git-gate: ${hostile}\n`);
});

test('says which ref is asked about', async () => {
  const { code, said } = await run('update', '', () => 'ok\n');
  expect(said).toBe('update refs/heads/x\n');
  expect(code).toBe(0);
});

test('a folder in which programs cannot run is refused: git would go on without its hooks', async () => {
  const before = process.umask(0o111);
  onTestFinished(async () => {
    process.umask(before);
    await rm(`${folder}-noexec`, { recursive: true, force: true });
  });
  await expect(installHooks(`${folder}-noexec`)).rejects.toMatchObject({ code: 'invalid_config' });
});
