import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { caKeySlot } from '@bot-bottle/pipelock';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import { afterAll, afterEach, expect, it } from 'vitest';
import { programs, removeFolder, sidecarMain } from './support/programs.ts';
import { authority, plain, sidecarConfig } from './support/scene.ts';

const program = programs[0]?.path ?? '';
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(removeFolder);

function launch(env: Record<string, string> = { BOT_BOTTLE_CONTROL: 'stdio' }) {
  const child = spawn(process.execPath, ['--disable-sigusr1', sidecarMain()], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const channel = new LauncherChannel({ stdin: child.stdin, stdout: child.stdout, onAudit: async () => {} });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, channel, exited, said: () => said.join('') };
}

/** Processes of this machine with that program in their command line. */
function running(path: string, parent: number): number[] {
  const tasks = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim();
  const pids = tasks === '' ? [] : tasks.split(' ').map(Number);
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path));
}

const secrets = { [caKeySlot]: authority.key };

it('it serves, and takes pipelock along when the launcher is gone', async () => {
  const { child, channel, exited } = launch();
  const config = await sidecarConfig(program);
  const ready = await channel.configure(config, secrets, { timeoutMs: 15_000 });
  expect(ready.listening).toEqual([config.listen]);
  const [pid = 0] = running(config.folder, child.pid ?? 0);
  expect(pid).toBeGreaterThan(0);
  expect((await plain(config.listen, 'a.example')).status).toBe(403);
  child.stdin.end();
  expect(await exited).toBe(0);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('it ends when pipelock is killed, so that it is started anew', async () => {
  const { child, channel, exited, said } = launch();
  const config = await sidecarConfig(program);
  await channel.configure(config, secrets, { timeoutMs: 15_000 });
  const [pid = 0] = running(config.folder, child.pid ?? 0);
  process.kill(pid, 'SIGKILL');
  expect(await exited).toBe(1);
  expect(said()).toContain('"event":"pipelock_ended","code":null,"signal":"SIGKILL"');
});

it('it says why it does not come to serve, without the key', async () => {
  const { channel, exited, said } = launch();
  const config = await sidecarConfig(program);
  const configure = channel.configure({ ...config, program: '/nowhere/pipelock' }, secrets, {
    timeoutMs: 15_000,
  });
  await expect(configure).rejects.toMatchObject({ message: 'the pipelock program does not run' });
  expect(await exited).toBe(2);
  expect(said()).not.toContain('PRIVATE KEY');
});

it('alone it does nothing', async () => {
  const { exited, said } = launch({});
  expect(await exited).toBe(2);
  expect(said()).toContain('to run pipelock alone, run pipelock');
});
