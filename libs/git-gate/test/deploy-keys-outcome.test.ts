import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../src/deploy-keys/generate-key-pair.ts';
import { forgeClient } from '../src/index.ts';
import type { Fault, FakeRequest } from '../src/testing/index.ts';
import { failureOf, providers, repo, sampleClient, sampleForge, token } from './support/sample-forge.ts';

const sample = () => {
  const title = `bot-bottle/coder-abc12/${'0'.repeat(32)}`;
  const { publicKey, fingerprint } = generateKeyPair(title);
  return { title, publicKey, fingerprint, readOnly: false, expiresAt: new Date('2030-01-02T03:04:05Z') };
};
const once = (method: string, fault: Fault) => {
  let armed = true;
  return (request: FakeRequest) => {
    if (!armed || request.method !== method) return null;
    armed = false;
    return fault;
  };
};
const failing: Fault = { kind: 'reply', reply: { status: 500, body: { message: 'database is locked' } } };

describe.each(providers)('%s', (provider) => {
  test('a removal is tried again after one failure of the server', async () => {
    await using forge = await sampleForge(provider, 1);
    const [key] = forge.keys(repo);
    forge.fault = once('DELETE', failing);
    expect(await sampleClient(provider, forge).remove(key?.id ?? 0)).toBe(true);
    expect(forge.keys(repo)).toEqual([]);
  });

  test('a removal whose answer was lost is settled by the second', async () => {
    await using forge = await sampleForge(provider, 1);
    const [key] = forge.keys(repo);
    forge.fault = once('DELETE', { kind: 'reset', when: 'after' });
    await sampleClient(provider, forge).remove(key?.id ?? 0);
    expect(forge.requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(2);
    expect(forge.keys(repo)).toEqual([]);
  });

  test('a server that goes on failing is an error with what it said', async () => {
    await using forge = await sampleForge(provider, 1);
    forge.fault = () => failing;
    const error = await failureOf(sampleClient(provider, forge).remove(1001));
    expect(error).toMatchObject({ code: 'server_failed', nothingDone: false });
    expect(String(error)).toContain('database is locked');
    expect(forge.requests).toHaveLength(2);
  });

  test.each<[string, Fault]>([
    ['a reset after the forge took it', { kind: 'reset', when: 'after' }],
    ['no answer although the forge took it', { kind: 'hang', when: 'after' }],
  ])('a POST with %s is found again and not sent twice', async (_name, fault) => {
    await using forge = await sampleForge(provider, 2);
    forge.fault = once('POST', fault);
    const { id } = await sampleClient(provider, forge, { timeoutMs: 1000 }).create(sample());
    expect(forge.keys(repo).map((key) => key.id)).toContain(id);
    expect(forge.keys(repo)).toHaveLength(3);
    expect(forge.requests.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  test.each<[string, Fault]>([
    ['a reset before the forge took it', { kind: 'reset', when: 'before' }],
    ['a failure of the server', failing],
  ])('a POST with %s is not sent again', async (_name, fault) => {
    await using forge = await sampleForge(provider);
    forge.fault = once('POST', fault);
    const error = await failureOf(sampleClient(provider, forge).create(sample()));
    expect(error).toMatchObject({ nothingDone: false });
    expect(forge.requests.filter((line) => line.startsWith('POST'))).toHaveLength(1);
    expect(forge.keys(repo)).toEqual([]);
  });
});

test('a key that appears late is still found', async () => {
  await using forge = await sampleForge('gitlab');
  const key = sample();
  forge.fault = once('POST', { kind: 'reset', when: 'before' });
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => {
    waits.push(ms);
    // The server gets around to it before the second look.
    if (waits.length === 2) await sampleClient('gitlab', forge).create(key);
  };
  const { id } = await sampleClient('gitlab', forge, { wait }).create(key);
  expect(forge.keys(repo).map((each) => each.id)).toEqual([id]);
});

test('a slow server is a time-out', async () => {
  await using forge = await sampleForge('gitea');
  forge.fault = () => ({ kind: 'hang', when: 'before' });
  const client = sampleClient('gitea', forge, { timeoutMs: 50 });
  expect(await failureOf(client.find({ title: '', fingerprint: '' }))).toMatchObject({
    code: 'timed_out',
    message: expect.stringContaining('0.05 s'),
  });
  expect(forge.requests).toHaveLength(1);
});

test('a server that is not there certainly did nothing', async () => {
  const forge = await sampleForge('gitea');
  const client = sampleClient('gitea', forge);
  await forge[Symbol.asyncDispose]();
  expect(await failureOf(client.create(sample()))).toMatchObject({
    code: 'unreachable',
    nothingDone: true,
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('the signal ends a request', async () => {
  await using forge = await sampleForge('gitea');
  const controller = new AbortController();
  forge.fault = () => {
    controller.abort();
    return { kind: 'hang', when: 'before' };
  };
  const client = sampleClient('gitea', forge, { signal: controller.signal });
  expect(await failureOf(client.create(sample()))).toMatchObject({ code: 'aborted', nothingDone: false });
  expect(forge.requests).toHaveLength(1);
});

test('the signal ends a wait for a rate limit', async () => {
  await using forge = await sampleForge('gitea');
  const controller = new AbortController();
  forge.fault = () => {
    queueMicrotask(() => controller.abort());
    return { kind: 'limit', seconds: 60 };
  };
  // The real wait: without the signal this test would take a minute.
  const client = forgeClient({ ...sampleClient('gitea', forge).target, token, signal: controller.signal });
  expect(await failureOf(client.remove(1))).toMatchObject({ code: 'aborted' });
});
