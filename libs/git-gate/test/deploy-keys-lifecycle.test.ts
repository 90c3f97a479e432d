import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  DEPLOY_KEY_LIFETIME_MS,
  DEPLOY_KEYS_FILE,
  DeployKeyRecords,
  fingerprintOf,
  provisionDeployKey,
  revokeDeployKey,
} from '../src/index.ts';
import type { FakeForge } from '../src/testing/index.ts';
import {
  failureOf,
  providers,
  repo,
  sampleClient,
  sampleForge,
  scratch,
  token,
} from './support/sample-forge.ts';

const now = new Date('2030-01-02T03:04:05.000Z');
const make = async (
  records: DeployKeyRecords,
  client: ReturnType<typeof sampleClient>,
): ReturnType<typeof provisionDeployKey> =>
  await provisionDeployKey({ records, client, identity: 'coder-abc12', readOnly: false, now });
const removeAll = (forge: FakeForge): void => void forge.state.keysOf(repo)?.splice(0);

describe.each(providers)('%s', (provider) => {
  test('a key is made, recorded with its id, and revoked', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider, 3);
    const others = [...forge.keys(repo)];
    const records = new DeployKeyRecords(folder.path);
    const client = sampleClient(provider, forge);
    const { record, privateKey, publicKey } = await make(records, client);
    const made = forge.keys(repo).at(-1);
    expect(record).toMatchObject({ id: made?.id, title: made?.title, fingerprint: fingerprintOf(publicKey) });
    expect(record.title).toMatch(/^bot-bottle\/coder-abc12\//);
    expect(made?.expiresAt ?? null).toEqual(
      provider === 'gitlab' ? new Date(now.getTime() + DEPLOY_KEY_LIFETIME_MS) : null,
    );
    expect(await records.list()).toEqual([record]);
    const file = readFileSync(join(folder.path, DEPLOY_KEYS_FILE), 'utf8');
    for (const secret of [token, privateKey.split('\n')[2] ?? '', 'PRIVATE KEY'])
      expect(file).not.toContain(secret);

    expect(await revokeDeployKey(record, client, records)).toBe('removed');
    expect(forge.keys(repo)).toEqual(others);
    expect(await records.list()).toEqual([]);
  });

  test('a key that somebody removed at the forge counts as revoked', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider);
    const records = new DeployKeyRecords(folder.path);
    const client = sampleClient(provider, forge);
    const { record } = await make(records, client);
    removeAll(forge);
    await revokeDeployKey(record, client, records);
    expect(await records.list()).toEqual([]);
  });

  test('a key whose id the forge changed is still removed', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider);
    const records = new DeployKeyRecords(folder.path);
    const client = sampleClient(provider, forge);
    const { record } = await make(records, client);
    // Gitea says 204 for an id that it does not have, so there an id is believed.
    if (provider === 'gitea') return;
    expect(await revokeDeployKey({ ...record, id: 1 }, client, records)).toBe('removed');
    expect(forge.keys(repo)).toEqual([]);
  });

  test('a token that no longer sees the repository does not make the key count as revoked', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider);
    const records = new DeployKeyRecords(folder.path);
    const client = sampleClient(provider, forge);
    const { record } = await make(records, client);
    const keys = forge.state.keysOf(repo) ?? [];
    forge.state.repos.clear();
    expect(await failureOf(revokeDeployKey(record, client, records))).toMatchObject({ code: 'not_found' });
    expect(keys).toHaveLength(1);
    expect(await records.list()).toEqual([record]);
  });

  test('a failed revocation keeps the record', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider);
    const records = new DeployKeyRecords(folder.path);
    const { record } = await make(records, sampleClient(provider, forge));
    const other = sampleClient(provider, forge, { token: 'revoked-token' });
    expect(await failureOf(revokeDeployKey(record, other, records))).toMatchObject({ code: 'unauthorized' });
    expect(await records.list()).toEqual([record]);
  });

  test('a refused registration leaves no record', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider);
    const records = new DeployKeyRecords(folder.path);
    const client = sampleClient(provider, forge, { token: 'wrong-token' });
    expect(await failureOf(make(records, client))).toMatchObject({ code: 'unauthorized' });
    expect(await records.list()).toEqual([]);
  });

  test('a registration whose outcome stays unknown keeps its record', async () => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider);
    const records = new DeployKeyRecords(folder.path);
    forge.fault = () => ({ kind: 'reset', when: 'after' });
    await failureOf(make(records, sampleClient(provider, forge)));
    expect(forge.keys(repo)).toHaveLength(1);
    const [record] = await records.list();
    expect(record).toMatchObject({ id: null });
  });
});

test('no key is registered when it cannot be recorded', async () => {
  await using folder = await scratch();
  await using forge = await sampleForge('gitea');
  const records = new DeployKeyRecords(join(folder.path, 'missing'));
  expect(await failureOf(make(records, sampleClient('gitea', forge)))).toMatchObject({
    code: 'records_unavailable',
  });
  expect(forge.requests).toEqual([]);
});

test('a record is not revoked at another repository', async () => {
  await using folder = await scratch();
  await using forge = await sampleForge('gitea');
  forge.addRepo('owner/other');
  const records = new DeployKeyRecords(folder.path);
  const { record } = await make(records, sampleClient('gitea', forge));
  const other = sampleClient('gitea', forge, { repoPath: '/owner/other' });
  expect(await failureOf(revokeDeployKey(record, other, records))).toMatchObject({ code: 'invalid_target' });
  expect(await records.list()).toEqual([record]);
});

test('a forge that lists the key but says it has none is not believed', async () => {
  await using folder = await scratch();
  await using forge = await sampleForge('github');
  const records = new DeployKeyRecords(folder.path);
  const client = sampleClient('github', forge);
  const { record } = await make(records, client);
  forge.fault = ({ method }) =>
    method === 'DELETE' ? { kind: 'reply', reply: { status: 404, body: {} } } : null;
  expect(await failureOf(revokeDeployKey(record, client, records))).toMatchObject({ code: 'forbidden' });
  expect(await records.list()).toEqual([record]);
});
