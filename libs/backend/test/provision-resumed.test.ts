import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mintAuthority } from '@bot-bottle/egress';
import { beforeAll, describe, expect, it } from 'vitest';
import { preparePlan, provision, type BottlePlan } from '../src/index.ts';
import { localBottle, type LocalBottle } from './local-bottle.ts';
import { sampleAgent } from './sample-agent.ts';
import { sampleHost, sampleRequest } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

let caPem = '';
beforeAll(async () => {
  caPem = (await mintAuthority({ bottle: 'test-00000', days: 2 })).cert;
});

const provisioned = [
  '.bot-bottle/ca.crt',
  '.bot-bottle-prompt.txt',
  '.gitconfig',
  '.skills/review/SKILL.md',
  '.tool/config',
];

interface Kept {
  readonly bottle: LocalBottle;
  readonly plan: BottlePlan;
  /** outside of the home, where no link may lead a write */
  readonly outside: string;
}

/** A home that an agent left, in a bottle without isolation: a link that is followed really reaches `outside`. */
async function kept(): Promise<Kept> {
  const folder = await tempDir();
  const { deps } = await sampleHost(folder);
  await mkdir(join(deps.botBottleHome, 'skills/review'), { recursive: true });
  await writeFile(join(deps.botBottleHome, 'skills/review/SKILL.md'), 'a skill');
  const agent = sampleAgent({
    skills: ['review'],
    bottle: { gitGate: { user: { name: { value: 'A', origin: 'agent' }, email: null }, repos: {} } },
  });
  const request = sampleRequest(agent, { identity: 'implementer-abcde', keptWorkspace: true });
  const made = await preparePlan(request, deps);
  const plan = {
    ...made,
    provision: {
      ...made.provision,
      dirs: [{ path: '/home/node/.tool', mode: 0o700 }],
      files: [{ path: '/home/node/.tool/config', mode: 0o600, source: { content: 'config' } }],
    },
  };
  const outside = join(folder, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'victim'), 'untouched', { mode: 0o640 });
  return { bottle: await localBottle(folder), plan, outside };
}

async function expectOurs({ bottle, outside }: Kept): Promise<void> {
  const read = async (path: string): Promise<string> => await readFile(join(bottle.home, path), 'utf8');
  expect(await read('.bot-bottle/ca.crt')).toBe(caPem);
  expect(await read('.bot-bottle-prompt.txt')).toBe('Be careful.');
  expect(await read('.gitconfig')).toBe('[user]\n\tname = "A"\n');
  expect(await read('.skills/review/SKILL.md')).toBe('a skill');
  expect(await read('.tool/config')).toBe('config');
  for (const path of provisioned) {
    expect((await lstat(join(bottle.home, path))).isFile()).toBe(true);
    expect((await lstat(join(bottle.home, dirname(path)))).isDirectory()).toBe(true);
  }
  expect((await lstat(join(bottle.home, '.tool/config'))).mode & 0o7777).toBe(0o600);
  expect(execFileSync('ls', [outside], { encoding: 'utf8' })).toBe('victim\n');
  expect(await readFile(join(outside, 'victim'), 'utf8')).toBe('untouched');
  expect((await stat(join(outside, 'victim'))).mode & 0o777).toBe(0o640);
}

type Plant = (path: string, outside: string) => Promise<unknown>;

const plants: ReadonlyArray<readonly [string, Plant]> = [
  ['a link to a file outside', async (path, outside) => await symlink(join(outside, 'victim'), path)],
  ['a link to nothing outside', async (path, outside) => await symlink(join(outside, 'new'), path)],
  ['a link to itself', async (path) => await symlink(path, path)],
  ['a pipe', async (path) => execFileSync('mkfifo', [path])],
  [
    'a full folder that cannot be entered',
    async (path) => {
      await mkdir(join(path, 'deep/er'), { recursive: true });
      await writeFile(join(path, 'deep/er/file'), '');
      await chmod(join(path, 'deep'), 0o000);
      await chmod(path, 0o000);
    },
  ],
  ['a file of its own that nobody may write', async (path) => await writeFile(path, 'mine', { mode: 0o000 })],
];

describe('the home that an earlier agent left', () => {
  it.each(plants)('%s in the place of every file of ours is replaced by ours', async (_what, plant) => {
    const home = await kept();
    for (const path of provisioned) {
      await mkdir(join(home.bottle.home, dirname(path)), { recursive: true });
      await plant(join(home.bottle.home, path), home.outside);
    }
    await provision(home.bottle, home.plan, { caPem, env: {} });
    await expectOurs(home);
  });

  it.each([
    ['a link to a folder outside', (path: string, outside: string) => symlink(outside, path)],
    ['a pipe', async (path: string) => execFileSync('mkfifo', [path])],
    ['a folder without modes', async (path: string) => await mkdir(path, { mode: 0o000 })],
  ])('%s in the place of every folder on the way is replaced by ours', async (_what, plant) => {
    const home = await kept();
    for (const path of ['.bot-bottle', '.skills', '.tool'])
      await plant(join(home.bottle.home, path), home.outside);
    await provision(home.bottle, home.plan, { caPem, env: {} });
    await expectOurs(home);
  });

  it('keeps the rest: the workspace, and what lies beside our files', async () => {
    const { bottle, plan } = await kept();
    const files = ['workspace/work', '.tool/transcript', '.skills/own/SKILL.md', 'notes'];
    for (const file of files) {
      await mkdir(join(bottle.home, dirname(file)), { recursive: true });
      await writeFile(join(bottle.home, file), file);
    }
    await provision(bottle, plan, { caPem, env: {} });
    for (const file of files) expect(await readFile(join(bottle.home, file), 'utf8')).toBe(file);
    expect(plan).toMatchObject({ workspace: null, workdir: '/home/node/workspace' });
  });

  it('drops what an earlier version of a skill had', async () => {
    const { bottle, plan } = await kept();
    await mkdir(join(bottle.home, '.skills/review'), { recursive: true });
    await writeFile(join(bottle.home, '.skills/review/old.sh'), 'planted');
    await provision(bottle, plan, { caPem, env: {} });
    await expect(lstat(join(bottle.home, '.skills/review/old.sh'))).rejects.toThrow('ENOENT');
  });

  it.each<readonly [string, Plant]>([
    ['gone', async () => undefined],
    ['a link to nothing', async (path, outside) => await symlink(join(outside, 'new'), path)],
    ['a pipe', async (path) => execFileSync('mkfifo', [path])],
    ['a folder without modes', async (path) => await mkdir(path, { mode: 0o000 })],
  ])('a workspace that is %s can be worked in again', async (_what, plant) => {
    const home = await kept();
    await plant(join(home.bottle.home, 'workspace'), home.outside);
    await provision(home.bottle, home.plan, { caPem, env: {} });
    const found = await lstat(join(home.bottle.home, 'workspace'));
    expect(found.isDirectory()).toBe(true);
    expect(found.mode & 0o700).toBe(0o700);
    await expectOurs(home);
  });

  it('of a new bottle nothing is cleared', async () => {
    const { bottle, plan } = await kept();
    await provision(bottle, { ...plan, resumed: null }, { caPem, env: {} });
    expect(bottle.spawned.flat().filter((word) => word === 'clear-kept-home')).toEqual([]);
    await rm(bottle.home, { recursive: true });
  });

  it('runs the programs of the system, whatever the earlier agent put on the PATH', async () => {
    const home = await kept();
    const planted = join(home.bottle.home, '.local/bin');
    await mkdir(planted, { recursive: true });
    for (const name of ['sh', 'tar', 'rm', 'mkdir', 'sha256sum', 'chmod'])
      await writeFile(join(planted, name), `#!/bin/sh\ntouch ${planted}/ran; exit 1\n`, { mode: 0o755 });
    const bottle = await localBottle(dirname(home.bottle.home), `${planted}:/usr/bin:/bin`, false);
    await provision(bottle, home.plan, { caPem, env: {} });
    await expect(lstat(join(planted, 'ran'))).rejects.toThrow('ENOENT');
  });
});
