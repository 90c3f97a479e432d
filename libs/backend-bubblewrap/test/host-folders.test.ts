import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processEntry } from '../src/bwrap/process-table.ts';
import { openHome } from '../src/home-folder.ts';
import { ensureOwnFolder, hostFolders } from '../src/host-folders.ts';
import { releaseHostUsers, takeHostUsers } from '../src/host-users.ts';
import { findLeftovers } from '../src/leftovers.ts';

const place = (stateDir: string) => ({
  stateDir,
  identity: 'one-aaaaa',
  homes: null,
  workdir: '/home/node',
  resumed: false,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('folders on the host', () => {
  test('a user has them under the session and the cache, root where other users can get to', () => {
    expect(hostFolders({ XDG_RUNTIME_DIR: '/run/user/5' }, 5, '/home/u')).toEqual({
      runtime: '/run/user/5/bot-bottle/bubblewrap',
      homes: null,
      cache: '/home/u/.cache/bot-bottle/programs',
    });
    expect(hostFolders({}, 5, '/home/u').runtime).toBe('/tmp/bot-bottle-5/bubblewrap');
    expect(hostFolders({ XDG_RUNTIME_DIR: '/run/user/0' }, 0, '/root').runtime).toBe('/run/bot-bottle');
  });

  test('one is made with its parents', async () => {
    await ensureOwnFolder(join(folder, 'a/b'), 0o700);
    expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o700);
  });

  test('one that others may write to is refused', async () => {
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    await expect(ensureOwnFolder(join(folder, 'open'), 0o700)).rejects.toMatchObject({ code: 'home_unsafe' });
  });

  test('a link that somebody put there is refused', async () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    await expect(ensureOwnFolder(join(folder, 'link'), 0o700)).rejects.toMatchObject({ code: 'home_unsafe' });
  });
});

describe.runIf(process.getuid?.() === 0)('what another user of the host made', () => {
  const stranger = 12345;

  test('holds no folder of ours', async () => {
    chownSync(folder, stranger, stranger);
    await expect(ensureOwnFolder(join(folder, 'bubblewrap'), 0o700)).rejects.toMatchObject({
      code: 'home_unsafe',
    });
  });

  test('is never taken for what a bottle left: its records name processes to kill', async () => {
    const runtime = join(folder, 'run');
    mkdirSync(join(runtime, 'one-aaaaa'), { recursive: true });
    const victim = { pid: process.pid, startTime: processEntry(process.pid)?.startTime ?? '' };
    const owner = { pid: 1, startTime: '-1' };
    const record = { identity: 'one-aaaaa', stateDir: '/none', owner, sandboxes: [victim] };
    writeFileSync(join(runtime, 'one-aaaaa', 'record.json'), JSON.stringify(record));
    const folders = { runtime, homes: null, cache: folder };
    expect(await findLeftovers(folders, new Set())).toHaveLength(2);
    chownSync(runtime, stranger, stranger);
    await expect(findLeftovers(folders, new Set())).rejects.toMatchObject({ code: 'home_unsafe' });
    chownSync(runtime, 0, 0);
    chownSync(folder, stranger, stranger);
    await expect(findLeftovers(folders, new Set())).rejects.toMatchObject({ code: 'home_unsafe' });
  });

  test('cannot look into a home, whatever modes the agent sets', async () => {
    const user = { uid: 61184, gid: 61184 };
    await openHome({ ...place(folder), homes: join(folder, 'homes') }, user);
    expect(statSync(join(folder, 'homes/one-aaaaa'))).toMatchObject({ uid: 0, gid: 61184 });
    expect(statSync(join(folder, 'homes/one-aaaaa')).mode & 0o777).toBe(0o710);
  });

  test('a kept home gets another user whatever is in it', async () => {
    const homes = join(folder, 'homes');
    const { path } = await openHome({ ...place(folder), homes }, { uid: 61184, gid: 61184 });
    const odd = Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(odd, '');
    writeFileSync(join(folder, 'outside'), '');
    symlinkSync(join(folder, 'outside'), join(path, 'link'));
    await openHome({ ...place(folder), homes }, { uid: 61190, gid: 61190 });
    expect(statSync(odd).uid).toBe(61190);
    expect(lstatSync(join(path, 'link')).uid).toBe(61190);
    expect(statSync(join(folder, 'outside')).uid).toBe(0);
  });
});

describe('users of bottles', () => {
  test('the same identity gets the same users, two at once never share one', async () => {
    const first = await takeHostUsers(join(folder, 'users'), 'one-aaaaa');
    const second = await takeHostUsers(join(folder, 'users'), 'two-bbbbb');
    const uids = [
      first.agent()?.uid,
      first.sidecar('egress')?.uid,
      first.sidecar('supervise')?.uid,
      second.agent()?.uid,
      second.sidecar('egress')?.uid,
    ];
    expect(new Set(uids).size).toBe(5);
    for (const uid of uids) expect(uid).toSatisfy((value: number) => value >= 61184 && value <= 65519);
    await first.release();
    expect((await takeHostUsers(join(folder, 'users'), 'one-aaaaa')).agent()).toEqual(first.agent());
  });

  test('users of a bottle that is gone are given back', async () => {
    await takeHostUsers(join(folder, 'users'), 'one-aaaaa');
    await releaseHostUsers(join(folder, 'users'), 'one-aaaaa');
    expect((await takeHostUsers(join(folder, 'users'), 'other-ccccc')).agent()).not.toBeNull();
  });
});

describe('the home of a bottle', () => {
  const open = () => openHome({ ...place(folder), workdir: '/home/node/workspace' }, null);

  test('is private, holds the workdir, and is removed', async () => {
    const home = await open();
    expect(statSync(home.path).mode & 0o777).toBe(0o700);
    expect(existsSync(join(home.path, 'workspace'))).toBe(true);
    await home.remove();
    expect(existsSync(home.path)).toBe(false);
  });

  test('is kept with a kept state, and then used again as it is', async () => {
    const home = await open();
    writeFileSync(join(home.path, 'work'), 'done');
    writeFileSync(join(folder, '.preserve'), '');
    await home.remove();
    expect(existsSync(join(home.path, 'work'))).toBe(true);
    rmSync(join(home.path, 'workspace'), { recursive: true });
    symlinkSync(join(folder, 'outside'), join(home.path, 'workspace'));
    await open();
    expect(existsSync(join(folder, 'outside'))).toBe(false);
  });

  test('one that is resumed must be there, and nothing is made when it is not', async () => {
    const resume = () => openHome({ ...place(folder), resumed: true }, null);
    await expect(resume()).rejects.toMatchObject({ code: 'state_missing' });
    expect(existsSync(join(folder, 'home'))).toBe(false);
    const { path } = await open();
    expect((await resume()).path).toBe(path);
  });

  test.each([0o000, 0o7777, 0o555])('mode %o that an agent gave it does not last', async (mode) => {
    const { path } = await open();
    chmodSync(path, mode);
    await openHome({ ...place(folder), resumed: true }, null);
    expect(statSync(path).mode & 0o7777).toBe(0o700);
  });

  test('a link in its place is refused', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'home'));
    await expect(open()).rejects.toMatchObject({ code: 'state_invalid' });
  });
});
