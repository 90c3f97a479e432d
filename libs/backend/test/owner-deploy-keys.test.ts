import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeployKeyRecords } from '@bot-bottle/git-gate';
import { FakeForge } from '@bot-bottle/git-gate/testing';
import { expect, it, onTestFinished } from 'vitest';
import { ControlClient, controlSocketPath, emptySecrets, launchBottle, SecretStore } from '../src/index.ts';
import type { BottlePlan, LaunchOptions } from '../src/index.ts';
import type { FakeOptions } from './owner-fake-host.ts';
import { prepared, type Prepared } from './owner-launched.ts';

const token = 'forge-token-value-7d1f';
const refuse = { kind: 'reply', reply: { status: 403, body: { message: 'no more' } } } as const;

interface Setting extends Prepared {
  readonly forge: FakeForge;
  readonly options: LaunchOptions;
}

/** A launch that wants a deploy key for each of these repositories of a forge. */
async function wanting(paths: readonly string[], fake: FakeOptions = {}): Promise<Setting> {
  const forge = await FakeForge.start('gitea');
  onTestFinished(async () => await forge[Symbol.asyncDispose]());
  forge.state.admins.add(token);
  for (const path of paths)
    forge.addRepo(path, ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNvbWVib2R5IGVsc2Uncw other']);
  const ready = await prepared(['true'], fake);
  const plan: BottlePlan = {
    ...ready.plan,
    sidecars: ['egress', 'git-gate'],
    gitGate: {
      repos: [],
      keyRefs: {},
      provisioned: paths.map((path, index) => ({
        repo: `repo${index}`,
        slot: `GIT_GATE_KEY_${index}`,
        forge: 'gitea',
        host: 'git.example.com',
        apiUrl: forge.apiUrl,
        repoPath: `/${path}.git`,
        tokenRef: { kind: 'host-env', name: 'FORGE_TOKEN' },
        readOnly: index === 1,
      })),
      scanner: 'auto',
      scannerUsed: { name: 'builtin', reason: '' },
      programs: { git: '/usr/bin/git', ssh: '/usr/bin/ssh', gitleaks: null },
    },
  };
  const secrets = { ...emptySecrets(), forgeTokens: new SecretStore([['FORGE_TOKEN', token]]) };
  const sidecarPrograms = { egress: '/none/main.js', 'git-gate': '/none/main.js' };
  return { ...ready, plan, forge, options: { ...ready.options, plan, secrets, sidecarPrograms } };
}

/** What each sidecar was configured with. */
async function configurations(file: string): Promise<Array<Record<string, string>>> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const noted = lines.map((line) => JSON.parse(line) as { secrets?: Record<string, string> });
  return noted.flatMap(({ secrets }) => (secrets === undefined ? [] : [secrets]));
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

it('registers a key for the launch, gives it to the gate alone, and revokes it at the end', async () => {
  const { forge, options, plan, backend } = await wanting(['org/app', 'org/lib']);
  const bottle = await launchBottle(options);
  onTestFinished(async () => void (await bottle.close()));
  expect(forge.keys('org/app').map(({ title }) => title)).toEqual([
    'key of somebody 0',
    expect.stringMatching(new RegExp(`^bot-bottle/${plan.identity}/[0-9a-f]{32}$`)),
  ]);
  expect(forge.keys('org/lib')[1]).toMatchObject({ readOnly: true });
  const secrets = await configurations(backend.configurations);
  const gate = secrets.find((each) => 'GIT_GATE_CANARY' in each);
  const egress = secrets.find((each) => 'EGRESS_CANARY' in each);
  expect(gate?.['GIT_GATE_KEY_0']).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
  expect(gate?.['GIT_GATE_KEY_1']).not.toBe(gate?.['GIT_GATE_KEY_0']);
  expect(Object.keys(egress ?? {}).filter((name) => name.startsWith('GIT_GATE'))).toEqual([]);
  expect(JSON.stringify(secrets)).not.toContain(token);
  expect(await bottle.close()).toEqual([`${plan.identity}: a mount stayed`]);
  expect(bottle.hasLeftDeployKeys).toBe(false);
  for (const path of ['org/app', 'org/lib']) {
    expect(forge.keys(path).map(({ title }) => title)).toEqual(['key of somebody 0']);
  }
  expect(await isThere(plan.stateDir)).toBe(false);
});

it('writes down in the audit log what was registered and revoked, and never the token', async () => {
  const { options, plan } = await wanting(['org/app']);
  const bottle = await launchBottle(options);
  await bottle.close();
  const folder = join(plan.botBottleHome, 'audit');
  const files = (await readdir(folder, { withFileTypes: true, recursive: true })).filter((entry) =>
    entry.isFile(),
  );
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  const log = texts.join('');
  expect(log).toContain('"action":"deploy-key"');
  expect(log).toContain('"action":"deploy-key-revoke"');
  expect(log).toContain('git.example.com/org/app.git');
  expect(log).not.toMatch(/forge-token-value|PRIVATE KEY/);
});

it.each(['bottle', 'selfCheck', 'open'] as const)('revokes when the launch fails at %s', async (failing) => {
  const { forge, options, plan } = await wanting(['org/app'], { failing });
  await expect(launchBottle(options)).rejects.toMatchObject({ code: 'launch_failed' });
  expect(forge.keys('org/app')).toHaveLength(1);
  expect(forge.requests.some((line) => line.startsWith('POST'))).toBe(true);
  expect(await isThere(plan.stateDir)).toBe(false);
});

it('fails the launch, starts no sidecar, and revokes the others when one key cannot be registered', async () => {
  const { forge, options, plan, backend } = await wanting(['org/app', 'org/lib']);
  forge.fault = ({ method, path }) => (method === 'POST' && path.includes('lib') ? refuse : null);
  await expect(launchBottle(options)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.not.stringContaining(token) as string,
  });
  expect(backend.calls).not.toContain('sidecar');
  expect(forge.keys('org/app')).toHaveLength(1);
  expect(await isThere(plan.stateDir)).toBe(false);
});

it('is loud when a key cannot be revoked, and keeps what leads to it', async () => {
  const { forge, options, plan } = await wanting(['org/app', 'org/lib']);
  const bottle = await launchBottle(options);
  forge.fault = ({ path }) => (path.includes('app') ? refuse : null);
  const warnings = await bottle.close();
  const [loud = ''] = warnings.filter((warning) => warning.includes('DEPLOY KEY'));
  expect(loud).toMatch(
    new RegExp(
      `^${plan.identity}: A DEPLOY KEY MAY STILL BE REGISTERED: .*git\\.example\\.com/org/app\\.git \\(gitea\\)`,
    ),
  );
  expect(loud).toContain('bot-bottle cleanup');
  expect(warnings.join('\n')).not.toContain(token);
  expect(bottle.hasLeftDeployKeys).toBe(true);
  expect(await new DeployKeyRecords(plan.stateDir).list()).toMatchObject([{ repoPath: '/org/app.git' }]);
  expect(forge.keys('org/lib')).toHaveLength(1);
});

it('says so to whoever stops the bottle over the socket', async () => {
  const { forge, options, plan } = await wanting(['org/app']);
  const bottle = await launchBottle(options);
  forge.fault = () => refuse;
  const client = new ControlClient(controlSocketPath(options.runtimeDir, plan.identity));
  await expect(client.stop()).rejects.toMatchObject({
    message: expect.stringContaining('a deploy key may still be registered') as string,
    hint: expect.stringContaining('bot-bottle cleanup') as string,
  });
  await bottle.close();
});

it('keeps the state when the records were made unreadable', async () => {
  const { options, plan } = await wanting(['org/app']);
  const bottle = await launchBottle(options);
  const file = join(plan.stateDir, 'deploy-keys.json');
  await writeFile(file, '{');
  await chmod(file, 0o600);
  const warnings = await bottle.close();
  expect(warnings.join('\n')).toContain('DEPLOY KEYS MAY STILL BE REGISTERED');
  expect(bottle.hasLeftDeployKeys).toBe(true);
  expect(await readFile(file, 'utf8')).toBe('{');
});

it('records the key before the forge hears of it, without the private key or the token', async () => {
  const { forge, options, plan } = await wanting(['org/app']);
  let recorded = '';
  forge.fault = ({ method }) => {
    if (method === 'POST')
      void readFile(join(plan.stateDir, 'deploy-keys.json'), 'utf8').then((text) => (recorded = text));
    return null;
  };
  const bottle = await launchBottle(options);
  onTestFinished(async () => void (await bottle.close()));
  expect(recorded).toContain(`bot-bottle/${plan.identity}/`);
  expect(recorded).not.toMatch(/PRIVATE KEY|forge-token-value/);
});
