import { execFileSync, spawn } from 'node:child_process';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyIn, copyOut, type Bottle, type ExitStatus } from '../src/index.ts';
import { tempDir } from './temp-dir.ts';

function usable(): boolean {
  try {
    execFileSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('bubblewrap');
const root = process.getuid?.() === 0;

/** Each process in namespaces of its own: enough of a bottle for what is not about the network between processes. */
async function namespaces(folder: string): Promise<Bottle> {
  const home = join(folder, 'node');
  await mkdir(home, { mode: 0o700 });
  await chmod(folder, 0o755);
  if (root) await chown(home, 65_432, 65_432);
  const user = root ? ['setpriv', '--reuid=65432', '--regid=65432', '--clear-groups'] : [];
  const fixed = [
    '--unshare-all',
    '--uid',
    '1000',
    '--gid',
    '1000',
    '--clearenv',
    '--ro-bind',
    '/usr',
    '/usr',
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    '--tmpfs',
    '/tmp',
    '--bind',
    home,
    '/home/node',
  ];
  const links = ['bin', 'lib', 'lib64', 'sbin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]);
  return {
    identity: 'test-00000',
    exited: new Promise(() => undefined),
    close: async () => undefined,
    spawn: async (argv, { env = {}, cwd = '/home/node' } = {}) => {
      const setenv = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
      const [program = '', ...args] = [
        ...user,
        'bwrap',
        ...fixed,
        ...links,
        ...setenv,
        '--chdir',
        cwd,
        '--',
        'sh',
        '-c',
        'exec "$@"',
        'sh',
        ...argv,
      ];
      const child = spawn(program, args, { stdio: 'pipe' });
      const exited = new Promise<ExitStatus>((resolve) =>
        child.once('close', (code, signal) => resolve({ code, signal })),
      );
      const { stdin, stdout, stderr } = child;
      return {
        stdin,
        stdout,
        stderr,
        exited,
        resize: () => undefined,
        kill: (signal) => void child.kill(signal),
      };
    },
  };
}

describe.skipIf(!usable() && !required)('in real namespaces', () => {
  it('copies in as the user node and out again', async () => {
    const folder = await tempDir();
    const bottle = await namespaces(folder);
    const content = 'x'.repeat(100_000);
    await copyIn(bottle, [{ kind: 'text', path: 'a/file', mode: 0o600, content }], { root: '/home/node' });
    await mkdir(join(folder, 'out'));
    await copyOut(bottle, '/home/node/a', join(folder, 'out'), { force: false });
    expect(await readFile(join(folder, 'out/a/file'), 'utf8')).toBe(content);
  });

  it('gives nothing of the host to a guest that names it by a link', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'host-secret'), 'secret');
    const bottle = await namespaces(folder);
    await copyIn(bottle, [{ kind: 'link', path: 'steal', target: join(folder, 'host-secret') }], {
      root: '/home/node',
    });
    const copying = copyOut(bottle, '/home/node/steal', join(folder, 'stolen'), { force: false });
    await expect(copying).rejects.toThrow('a link that leads out');
  });
});
