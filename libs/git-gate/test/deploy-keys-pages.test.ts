import { expect, describe, test } from 'vitest';
import { fingerprintOf } from '../src/index.ts';
import { failureOf, providers, repo, sampleClient, sampleForge, sampleKeys } from './support/sample-forge.ts';

const perPage = { gitea: 50, github: 100, gitlab: 100 } as const;
const absent = { title: 'bot-bottle/x', fingerprint: `SHA256:${'A'.repeat(43)}` };

describe.each(providers)('%s', (provider) => {
  test('a key on the third page is found', async () => {
    await using forge = await sampleForge(provider, 2 * perPage[provider] + 1);
    const wanted = forge.keys(repo).at(-1);
    const fingerprint = fingerprintOf(wanted?.key ?? '') ?? '';
    expect(await sampleClient(provider, forge).find({ title: '', fingerprint })).toBe(wanted?.id);
    expect(forge.requests).toHaveLength(3);
  });

  test('a full last page is not followed for ever', async () => {
    await using forge = await sampleForge(provider, 2 * perPage[provider]);
    expect(await sampleClient(provider, forge).find(absent)).toBeNull();
    expect(forge.requests).toHaveLength(2);
  });
});

test('pages are read to their end when a proxy drops the headers that tell it', async () => {
  await using forge = await sampleForge('github');
  const pages = [sampleKeys(100), sampleKeys(3), []];
  forge.fault = ({ query }) => {
    const page = Number(query.get('page'));
    const body = (pages[page - 1] ?? []).map((key, index) => ({ id: page * 1000 + index, title: '', key }));
    return { kind: 'reply', reply: { status: 200, body } };
  };
  const fingerprint = fingerprintOf(pages[1]?.[2] ?? '') ?? '';
  expect(await sampleClient('github', forge).find({ title: '', fingerprint })).toBe(2002);
  expect(await sampleClient('github', forge).find(absent)).toBeNull();
});

test('a server that shows the same page for every number is not asked for ever', async () => {
  await using forge = await sampleForge('gitea');
  const [key] = sampleKeys(1);
  forge.fault = () => ({ kind: 'reply', reply: { status: 200, body: [{ id: 1, title: 'a', key }] } });
  expect(await sampleClient('gitea', forge).find(absent)).toBeNull();
  expect(forge.requests).toHaveLength(2);
});

test('more than 50 pages are an error, not «there is no such key»', async () => {
  await using forge = await sampleForge('gitea', 50 * 50 + 1);
  expect(await failureOf(sampleClient('gitea', forge).find(absent))).toMatchObject({ code: 'too_many_keys' });
  expect(forge.requests).toHaveLength(50);
});

test('a link to the next page at another host is not followed', async () => {
  await using forge = await sampleForge('github', 1);
  await using thief = await sampleForge('github');
  let first = true;
  forge.fault = () => {
    if (!first) return null;
    first = false;
    const link = `<${thief.apiUrl}/repos/owner/name/keys?page=2>; rel="next"`;
    return {
      kind: 'reply',
      reply: { status: 200, headers: { link }, body: [{ id: 1, title: 'a', key: 'b' }] },
    };
  };
  expect(await sampleClient('github', forge).find(absent)).toBeNull();
  expect(thief.requests).toEqual([]);
  expect(forge.requests).toHaveLength(2);
});

test('a key whose text the forge does not show is found by its title', async () => {
  await using forge = await sampleForge('gitea');
  const body = [{ id: 7, title: absent.title, key: '' }];
  forge.fault = () => ({ kind: 'reply', reply: { status: 200, body } });
  expect(await sampleClient('gitea', forge).find(absent)).toBe(7);
});

test('a key without text or title does not hide the others', async () => {
  await using forge = await sampleForge('gitlab');
  const [key] = sampleKeys(1);
  const body = [{ id: 1, title: null, key: null }, { id: 2 }, { id: 3, title: 'a', key }];
  forge.fault = () => ({ kind: 'reply', reply: { status: 200, body } });
  const fingerprint = fingerprintOf(key ?? '') ?? '';
  expect(await sampleClient('gitlab', forge).find({ title: 'b', fingerprint })).toBe(3);
});
