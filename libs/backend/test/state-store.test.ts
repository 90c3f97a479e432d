import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  botBottleHome,
  ensureHome,
  isIdentity,
  newIdentity,
  StateStore,
  type Metadata,
} from '../src/index.ts';
import { metadataSchema } from '../src/state/metadata.ts';
import { tempDir } from './temp-dir.ts';

const metadata = (changes: Partial<Metadata> = {}): Metadata => ({
  identity: 'agent-00000',
  agent: 'agent',
  bottle: 'bottle',
  cwd: '/work',
  copy_cwd: false,
  started_at: '2026-01-02T00:00:00.000Z',
  backend: 'bubblewrap',
  project: null,
  images: {},
  label: null,
  owner_pid: 1,
  ...changes,
});

describe('identities', () => {
  it('are slugs with five base 36 digits, safe as file names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (name) => {
        const identity = newIdentity(name);
        expect(identity).toMatch(/^[a-z0-9][a-z0-9-]*-[0-9a-z]{5}$/);
        expect(isIdentity(identity)).toBe(true);
        expect(identity.length).toBeLessThan(60);
      }),
    );
  });

  it.each(['..', '../x-00000', 'a/b-00000', '.hidden-00000', 'x', '', 'A-00000', 'a-00000\n'])(
    '%j is none',
    (text) => {
      expect(isIdentity(text)).toBe(false);
    },
  );
});

describe('StateStore', () => {
  it('writes, reads, lists, preserves and removes', async () => {
    const store = new StateStore(await tempDir());
    const dir = await store.create(
      'b-00001',
      metadata({ identity: 'b-00001', started_at: '2026-01-03T00:00:00.000Z' }),
    );
    await store.create('a-00002', metadata({ started_at: '2026-01-02T00:00:00.000Z' }));
    await store.create('c-00003', metadata({ started_at: '2026-01-02T00:00:00.000Z' }));
    expect((await lstat(dir)).mode & 0o777).toBe(0o700);
    expect((await lstat(join(dir, 'metadata.json'))).mode & 0o777).toBe(0o600);
    await mkdir(join(dir, '../z-0000z'));
    await store.preserve('a-00002', 'asked for');
    expect((await store.list()).map(({ identity, preserved }) => [identity, preserved])).toEqual([
      ['z-0000z', false],
      ['a-00002', true],
      ['c-00003', false],
      ['b-00001', false],
    ]);
    await store.remove('b-00001');
    await expect(store.read('b-00001')).rejects.toMatchObject({ code: 'state_missing' });
  });

  it('lists nothing before the first launch', async () => {
    expect(await new StateStore(await tempDir()).list()).toEqual([]);
  });

  it('takes unknown, missing and broken fields, and an empty backend for docker', async () => {
    const home = await tempDir();
    const store = new StateStore(home);
    await mkdir(join(home, 'state/a-00000'), { recursive: true });
    const write = async (text: string): Promise<void> =>
      await writeFile(join(home, 'state/a-00000/metadata.json'), text);
    await write('{"agent": "a", "future": 1, "owner_pid": "x", "backend": ""}');
    expect((await store.read('a-00000')).metadata).toMatchObject({
      agent: 'a',
      owner_pid: null,
      backend: 'docker',
      bottle: null,
    });
    for (const text of ['', '[]', 'null', '{', '7']) {
      await write(text);
      await expect(store.read('a-00000')).rejects.toMatchObject({ code: 'state_missing' });
    }
  });

  it('reads any JSON object without throwing', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('identity', 'agent', 'backend', 'owner_pid', 'images', 'copy_cwd', 'x'),
          fc.jsonValue(),
        ),
        (value) => {
          expect(metadataSchema.safeParse(value).success).toBe(true);
        },
      ),
    );
  });

  it.each(['../escape', '..', 'a/b', '', '.'])('refuses %j as an identity', async (identity) => {
    const store = new StateStore(await tempDir());
    await expect(store.read(identity)).rejects.toMatchObject({ code: 'state_invalid' });
    await expect(store.remove(identity)).rejects.toMatchObject({ code: 'state_invalid' });
  });

  it('lets only one of many take a lock, and the next one after release', async () => {
    const store = new StateStore(await tempDir());
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async () => await store.lock('a-00000')),
    );
    const taken = results.filter((result) => result.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    await taken[0]?.value.release();
    const again = await store.lock('a-00000');
    await again.release();
    expect(await readdir(store.dir('a-00000'))).toEqual(['.lock-2']);
  });

  it('takes over the lock of a process that is gone, once', async () => {
    const store = new StateStore(await tempDir());
    await store.lock('a-00000').then(async (lock) => await lock.release());
    const pid = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    await writeFile(join(store.dir('a-00000'), '.lock-1'), JSON.stringify({ pid, started: '1', nonce: 'x' }));
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, async () => await store.lock('a-00000')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes over the lock of a process that ended and that nobody waited for', async () => {
    const store = new StateStore(await tempDir());
    await store.lock('a-00000').then(async (lock) => await lock.release());
    // The shell becomes a program that never waits for the shell's child.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const stat = `/proc/${Number(line.toString())}/stat`;
    await expect.poll(async () => await readFile(stat, 'latin1')).toContain(') Z ');
    const pid = Number(line.toString());
    const started = (await readFile(stat, 'latin1')).split(') ')[1]?.split(' ')[19];
    await writeFile(join(store.dir('a-00000'), '.lock-1'), JSON.stringify({ pid, started, nonce: 'x' }));
    await (await store.lock('a-00000')).release();
  });

  it('does not take a reused process id for the holder', async () => {
    const store = new StateStore(await tempDir());
    await store.lock('a-00000').then(async (lock) => await lock.release());
    await writeFile(
      join(store.dir('a-00000'), '.lock-1'),
      JSON.stringify({ pid: process.pid, started: '1', nonce: 'x' }),
    );
    await (await store.lock('a-00000')).release();
  });
});

describe('ensureHome', () => {
  it('makes a private folder and closes one that others can read', async () => {
    const home = join(await tempDir(), 'a/b');
    await ensureHome(home);
    await chmod(home, 0o755);
    await ensureHome(home);
    expect((await lstat(home)).mode & 0o777).toBe(0o700);
  });

  it.each([0o720, 0o702, 0o777])('refuses mode %o', async (mode) => {
    const home = join(await tempDir(), 'home');
    await mkdir(home);
    await chmod(home, mode);
    await expect(ensureHome(home)).rejects.toMatchObject({ code: 'home_unsafe' });
  });

  it.runIf(process.getuid?.() === 0)('refuses a folder of somebody else', async () => {
    const home = join(await tempDir(), 'home');
    await mkdir(home, { mode: 0o700 });
    execFileSync('chown', ['12345', home]);
    await expect(ensureHome(home)).rejects.toThrow('belongs to user 12345');
  });

  it('refuses a folder below one that everybody can write to', async () => {
    const parent = join(await tempDir(), 'open');
    await mkdir(parent);
    await chmod(parent, 0o777);
    await expect(ensureHome(join(parent, 'home'))).rejects.toThrow('can be written by everybody');
  });

  it('accepts a link of ones own', async () => {
    const folder = await tempDir();
    await mkdir(join(folder, 'real'), { mode: 0o700 });
    await symlink(join(folder, 'real'), join(folder, 'home'));
    await ensureHome(join(folder, 'home'));
  });

  it('is named by BOT_BOTTLE_HOME', () => {
    expect(botBottleHome({ BOT_BOTTLE_HOME: '/x/../y' })).toBe('/y');
    expect(botBottleHome({ BOT_BOTTLE_HOME: '' })).toMatch(/\.bot-bottle$/);
  });
});
