import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../src/deploy-keys/generate-key-pair.ts';
import {
  failureOf,
  providers,
  repo,
  sampleClient,
  sampleForge,
  token,
  tokenRef,
} from './support/sample-forge.ts';

const title = `bot-bottle/coder-abc12/${'0'.repeat(32)}`;
const sample = (readOnly = false) => {
  const { publicKey, fingerprint } = generateKeyPair(title);
  const expiresAt = new Date('2030-01-02T03:04:05Z');
  return { key: { title, publicKey, readOnly, expiresAt }, identity: { title, fingerprint } };
};

describe.each(providers)('%s', (provider) => {
  test.each([true, false])('registers a key with read-only %s', async (readOnly) => {
    await using forge = await sampleForge(provider, 2);
    const { key } = sample(readOnly);
    const { id } = await sampleClient(provider, forge).create(key);
    const made = forge.keys(repo).find((each) => each.id === id);
    expect(made).toMatchObject({ title, readOnly, key: key.publicKey.split(' ').slice(0, 2).join(' ') });
    expect(made?.expiresAt ?? null).toEqual(provider === 'gitlab' ? key.expiresAt : null);
  });

  test('finds a key by its fingerprint, also when it was renamed', async () => {
    await using forge = await sampleForge(provider, 2);
    const client = sampleClient(provider, forge);
    const { key, identity } = sample();
    const { id } = await client.create(key);
    expect(await client.find({ ...identity, title: 'renamed' })).toBe(id);
  });

  test('does not take a key of somebody else for ours because it carries our title', async () => {
    await using forge = await sampleForge(provider);
    const client = sampleClient(provider, forge);
    await client.create(sample().key);
    expect(await client.find(sample().identity)).toBeNull();
  });

  test('removes the key and no other', async () => {
    await using forge = await sampleForge(provider, 3);
    const client = sampleClient(provider, forge);
    const others = [...forge.keys(repo)];
    const { id } = await client.create(sample().key);
    expect(await client.remove(id)).toBe(true);
    expect(forge.keys(repo)).toEqual(others);
  });

  test('a key that is gone already counts as removed', async () => {
    await using forge = await sampleForge(provider);
    // Gitea says 204 then, the others 404.
    expect(await sampleClient(provider, forge).remove(4711)).toBe(provider === 'gitea');
  });

  test('a key that is registered already is not registered twice, and its id is found', async () => {
    await using forge = await sampleForge(provider);
    const client = sampleClient(provider, forge);
    const { key } = sample();
    const first = await client.create(key);
    expect(await client.create(key)).toEqual(first);
    expect(forge.keys(repo)).toHaveLength(1);
  });

  test('a wrong token is named by its variable', async () => {
    await using forge = await sampleForge(provider);
    const error = await failureOf(
      sampleClient(provider, forge, { token: 'wrong-token' }).create(sample().key),
    );
    expect(error).toMatchObject({ code: 'unauthorized', nothingDone: true });
    expect(String(error)).toContain(tokenRef);
    expect(String(error)).not.toContain('wrong-token');
  });

  test('a token that may only read is told what it must be allowed to do', async () => {
    await using forge = await sampleForge(provider);
    forge.state.readers.add('reader-token');
    const error = await failureOf(
      sampleClient(provider, forge, { token: 'reader-token' }).create(sample().key),
    );
    expect(error).toMatchObject({ code: 'forbidden', hint: expect.stringContaining('allowed to') });
    expect(String(error)).toContain(tokenRef);
  });

  test('a repository that is not there is named', async () => {
    await using forge = await sampleForge(provider);
    const error = await failureOf(
      sampleClient(provider, forge, { repoPath: '/owner/other' }).create(sample().key),
    );
    expect(error).toMatchObject({ code: 'not_found' });
    expect(String(error)).toContain('/owner/other');
  });

  test('the token is in no URL', async () => {
    await using forge = await sampleForge(provider);
    const client = sampleClient(provider, forge);
    const { key, identity } = sample();
    const { id } = await client.create(key);
    await client.find(identity);
    await client.remove(id);
    expect(forge.requests).toHaveLength(3);
    expect(forge.requests.join('\n')).not.toContain(token);
  });
});

test('a key that another repository of GitHub has is refused as in use', async () => {
  await using forge = await sampleForge('github');
  const { key } = sample();
  forge.addRepo('owner/other', [key.publicKey.split(' ').slice(0, 2).join(' ')]);
  const error = await failureOf(sampleClient('github', forge).create(key));
  expect(error).toMatchObject({ code: 'key_in_use', nothingDone: false });
  expect(String(error)).toContain('key is already in use');
});

test('a title that Gitea has already is refused as in use', async () => {
  await using forge = await sampleForge('gitea');
  const client = sampleClient('gitea', forge);
  await client.create(sample().key);
  expect(await failureOf(client.create(sample().key))).toMatchObject({ code: 'key_in_use' });
});

test('a project of GitLab may lie in nested groups', async () => {
  await using forge = await sampleForge('gitlab');
  forge.addRepo('group/sub group/name');
  await sampleClient('gitlab', forge, { repoPath: 'group/sub group/name.git' }).create(sample().key);
  expect(forge.keys('group/sub group/name')).toHaveLength(1);
});
