import { spawn, spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workspaceRoot } from '../src/workspace.ts';

let root: string;

/** Stand-ins on the PATH: an engine answers while the file `up` is there. */
const programs: Readonly<Record<string, string>> = {
  docker: '[ -e "$ROOT/up" ] && echo 20.10.24',
  dockerd: `echo "$*" >> "$ROOT/started"
[ ! -e "$ROOT/broken" ] || { echo "failed to start daemon: no rights" >&2; exit 1; }
while [ "$1" != --pidfile ]; do shift; done
echo $$ > "$2"; touch "$ROOT/up"
trap 'rm -f "$ROOT/up"; exit 0' TERM
while :; do sleep 0.05; done`,
  iptables: 'exit 0',
  debootstrap: 'exit 0',
  'apt-get': 'echo "$*" >> "$ROOT/installed"',
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bot-bottle-engine-'));
  await chmod(root, 0o755);
  for (const folder of ['tools', 'bin']) await mkdir(join(root, folder));
  await copyFile(join(workspaceRoot, 'tools/engine.sh'), join(root, 'tools/engine.sh'));
  for (const [name, text] of Object.entries(programs))
    await writeFile(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
});
afterEach(async () => {
  engine(['stop']);
  await rm(root, { recursive: true, force: true });
});

function engine(
  args: readonly string[],
  { env = {}, as = [] }: { env?: object; as?: readonly string[] } = {},
) {
  const [file = 'sh', ...rest] = [...as, 'sh', join(root, 'tools/engine.sh'), ...args];
  const { DOCKER_HOST: _, ...inherited } = process.env;
  const path = `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`;
  const options = { env: { ...inherited, PATH: path, ROOT: root, ...env }, timeout: 30_000 };
  const { status, stderr } = spawnSync(file, rest, options);
  return { status, said: String(stderr) };
}
const started = (): Promise<string> => readFile(join(root, 'started'), 'utf8').catch(() => '');
const pidFile = (): string => join(root, '.cache/engine/dockerd.pid');

it('uses the engine that runs', async () => {
  await writeFile(join(root, 'up'), '');
  expect(engine(['start'])).toMatchObject({ status: 0, said: 'engine: using the running engine 20.10.24\n' });
  expect(await started()).toBe('');
});

it('starts none where DOCKER_HOST names another', async () => {
  const { status, said } = engine(['start'], { env: { DOCKER_HOST: 'tcp://192.0.2.1:2376' } });
  expect(status).toBe(1);
  expect(said).toContain('nothing answers at DOCKER_HOST');
  expect(await started()).toBe('');
});

it('refuses an unknown action', () => {
  expect(engine(['restart'])).toMatchObject({ status: 2 });
});

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  it('starts one, and ends it', async () => {
    expect(engine(['start'])).toMatchObject({ status: 0 });
    expect(await started()).toContain(`--pidfile ${pidFile()}`);
    expect(engine(['status']).said).toContain('started here');
    expect(engine(['start']).said).toContain('using the running engine');
    const pid = Number(await readFile(pidFile(), 'utf8'));
    expect(engine(['stop'])).toMatchObject({ status: 0, said: 'engine: stopped\n' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(engine(['status'])).toMatchObject({ status: 1 });
  });

  it('never ends a process that it did not start', async () => {
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      await mkdir(join(root, '.cache/engine'), { recursive: true });
      for (const text of [String(other.pid), '1', '-1', '0', '1 2', 'x; kill 1']) {
        await writeFile(pidFile(), text);
        expect(engine(['stop']).said).toContain('no engine that was started here');
      }
      expect(other.exitCode).toBeNull();
      expect(other.signalCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('leaves an engine alone that another set-up started', async () => {
    await writeFile(join(root, 'other.pid'), '');
    const args = [join(root, 'bin/dockerd'), '--pidfile', join(root, 'other.pid')];
    const other = spawn('/bin/sh', args, { stdio: 'ignore', env: { ...process.env, ROOT: root } });
    try {
      await mkdir(join(root, '.cache/engine'), { recursive: true });
      await writeFile(pidFile(), String(other.pid));
      expect(engine(['stop']).said).toContain('no engine that was started here');
      expect(other.exitCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('says why it could not start one', async () => {
    await writeFile(join(root, 'broken'), '');
    const { status, said } = engine(['start']);
    expect(status).toBe(1);
    expect(said).toContain('failed to start daemon: no rights');
    expect(said).toContain('dockerd.log');
  });

  it('tells an ordinary user the command, and starts nothing', async () => {
    const { status, said } = engine(['start'], { as: ['setpriv', '--reuid=65534', '--clear-groups'] });
    expect(status).toBe(1);
    expect(said).toContain('sudo sh tools/engine.sh start');
    expect(said).toContain('sudo apt-get install --yes --no-install-recommends docker.io');
    expect(await started()).toBe('');
  });
});
