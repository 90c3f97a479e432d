import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeployKeyRecords, forgeClient, provisionDeployKey } from '@bot-bottle/git-gate';
import { FakeForge } from '@bot-bottle/git-gate/testing';
import { StateStore } from '@bot-bottle/backend';
import { expect, it, onTestFinished } from 'vitest';
import { endCode } from '../src/launch/run-owned.ts';
import { tempHome, type TempHome } from './temp-home.ts';

const token = 'forge-token-value-7d1f';
const identity = 'worker-abcde';
const metadata = {
  identity,
  agent: 'worker',
  bottle: 'plain',
  cwd: '/',
  copy_cwd: false,
  started_at: '2026-01-01T00:00:00.000Z',
  backend: 'bubblewrap',
  project: null,
  images: {},
  label: null,
  owner_pid: null,
} as const;

interface Dead {
  readonly world: TempHome;
  readonly forge: FakeForge;
  readonly stateDir: string;
}

/** A bottle whose owner was killed while its deploy key was registered. */
async function deadBottle(): Promise<Dead> {
  const forge = await FakeForge.start('gitea');
  onTestFinished(async () => await forge[Symbol.asyncDispose]());
  forge.state.admins.add(token);
  forge.addRepo('org/app', ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWVib2R5IGVsc2Uncw other']);
  const world = tempHome();
  const stateDir = await new StateStore(world.home).create(identity, metadata);
  const client = forgeClient({
    provider: 'gitea',
    host: 'git.example.com',
    apiUrl: forge.apiUrl,
    repoPath: '/org/app.git',
    tokenRef: 'FORGE_TOKEN',
    token,
  });
  await provisionDeployKey({ records: new DeployKeyRecords(stateDir), client, identity, readOnly: false });
  return { world, forge, stateDir };
}

const describedKey = 'git.example.com/org/app.git (gitea)';

it('revokes the key of a dead bottle, then removes its state, and no key of others', async () => {
  const { world, forge, stateDir } = await deadBottle();
  const { code, out } = await world.cli(['cleanup', '--yes', '--json'], { FORGE_TOKEN: token });
  expect(code).toBe(0);
  const { leftovers, failed } = JSON.parse(out) as {
    leftovers: Array<{ kind: string; description: string }>;
    failed: string[];
  };
  expect(failed).toEqual([]);
  expect(leftovers).toContainEqual(
    expect.objectContaining({
      kind: 'deploy-key',
      description: expect.stringContaining(describedKey) as string,
    }),
  );
  expect(forge.keys('org/app').map(({ title }) => title)).toEqual(['key of somebody 0']);
  expect(existsSync(stateDir)).toBe(false);
  expect((await world.cli(['cleanup', '--yes'])).err).toContain('nothing is left over');
});

it('names a forge token that is missing, and keeps record and state', async () => {
  const { world, forge, stateDir } = await deadBottle();
  const { code, err } = await world.cli(['cleanup', '--yes']);
  expect(code).toBe(1);
  expect(err).toContain('FORGE_TOKEN is not set or empty');
  expect(err).toContain('kept, because deploy keys are recorded in it');
  expect(forge.keys('org/app')).toHaveLength(2);
  expect(await new DeployKeyRecords(stateDir).list()).toHaveLength(1);
  expect((await world.cli(['cleanup', '--yes'], { FORGE_TOKEN: token })).code).toBe(0);
  expect(forge.keys('org/app')).toHaveLength(1);
});

it('keeps record and state when the forge refuses, and never prints the token', async () => {
  const { world, forge, stateDir } = await deadBottle();
  forge.fault = () => ({ kind: 'reply', reply: { status: 403, body: { message: `no, ${token}` } } });
  const { code, out, err } = await world.cli(['cleanup', '--yes'], { FORGE_TOKEN: token });
  expect(code).toBe(1);
  expect(existsSync(join(stateDir, 'deploy-keys.json'))).toBe(true);
  expect(out + err).not.toContain(token);
});

it('revokes the key of a preserved bottle and leaves its state alone', async () => {
  const { world, forge, stateDir } = await deadBottle();
  await new StateStore(world.home).preserve(identity, 'kept with --keep');
  expect((await world.cli(['cleanup', '--yes'], { FORGE_TOKEN: token })).code).toBe(0);
  expect(forge.keys('org/app')).toHaveLength(1);
  expect(existsSync(stateDir)).toBe(true);
});

it('leaves the key of a bottle alone whose owner lives', async () => {
  const { world, forge } = await deadBottle();
  const lock = await new StateStore(world.home).lock(identity);
  onTestFinished(() => lock.release());
  await world.cli(['cleanup', '--yes'], { FORGE_TOKEN: token });
  expect(forge.keys('org/app')).toHaveLength(2);
});

it('says so when the records cannot be read, and does not touch them', async () => {
  const { world, stateDir } = await deadBottle();
  const file = join(stateDir, 'deploy-keys.json');
  writeFileSync(file, '{"version":1,"keys":[{}]}');
  const { code, err } = await world.cli(['cleanup', '--yes'], { FORGE_TOKEN: token });
  expect(code).toBe(1);
  expect(err).toContain('is not a list of deploy keys');
  expect(readFileSync(file, 'utf8')).toBe('{"version":1,"keys":[{}]}');
});

it.each([
  [0, true, 1],
  [0, false, 0],
  [3, true, 3],
  [143, true, 143],
])('a program that ended with %i, keys left: %s, gives %i', (code, hasLeftDeployKeys, expected) => {
  expect(endCode(code, { hasLeftDeployKeys, wasRebuilt: false })).toBe(expected);
});
