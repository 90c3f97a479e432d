import fc from 'fast-check';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { generateKeyPair } from '../src/deploy-keys/generate-key-pair.ts';
import { DeployKeyError, forgeClient } from '../src/index.ts';
import type { FakeReply } from '../src/testing/index.ts';
import { failureOf, providers, sampleClient, sampleForge, token, tokenRef } from './support/sample-forge.ts';

const absent = { title: 'bot-bottle/x', fingerprint: `SHA256:${'A'.repeat(43)}` };
const answering = async (reply: FakeReply) => {
  const forge = await sampleForge('github');
  forge.fault = () => ({ kind: 'reply', reply });
  return forge;
};

test('a body of 10 MB is not read to its end', async () => {
  await using forge = await answering({ status: 200, body: `["${'a'.repeat(10 * 1024 * 1024)}"]` });
  expect(await failureOf(sampleClient('github', forge).find(absent))).toMatchObject({
    code: 'invalid_response',
    message: expect.stringContaining('1048576'),
  });
});

test('a body that grows when it is unpacked is not read to its end', async () => {
  await using forge = await sampleForge('github');
  const packed = gzipSync(Buffer.alloc(50 * 1024 * 1024, 'a'));
  const fetch: typeof globalThis.fetch = async () =>
    new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')));
  expect(await failureOf(sampleClient('github', forge, { fetch }).find(absent))).toMatchObject({
    code: 'invalid_response',
  });
});

test.each([301, 302, 307, 308])('a redirect (%i) to another host is not followed', async (status) => {
  await using thief = await sampleForge('github');
  await using forge = await answering({
    status,
    headers: { location: `${thief.apiUrl}/repos/owner/name/keys` },
  });
  const client = sampleClient('github', forge);
  const key = {
    title: 'a',
    publicKey: generateKeyPair('a').publicKey,
    readOnly: true,
    expiresAt: new Date(),
  };
  for (const work of [() => client.find(absent), () => client.remove(1), () => client.create(key)]) {
    expect(await failureOf(work())).toMatchObject({ code: 'redirected', nothingDone: true });
  }
  expect(thief.requests).toEqual([]);
});

test('a redirect names its host on one visible line', async () => {
  await using forge = await answering({
    status: 301,
    headers: { location: 'https://moved.example/%1b[31m' },
  });
  const error = await failureOf(sampleClient('github', forge).find(absent));
  expect(String(error)).toContain('redirects to moved.example');
});

test('a redirect to a host named after the token does not show it in lower case', async () => {
  await using forge = await answering({
    status: 302,
    headers: { location: 'https://SeCrEtToKeN99.example/' },
  });
  const error = await failureOf(sampleClient('github', forge, { token: 'SeCrEtToKeN99' }).find(absent));
  expect(String(error)).toContain('redirects to ***.example');
});

test.each<[string, FakeReply]>([
  [
    'HTML',
    { status: 200, headers: { 'content-type': 'text/html' }, body: '<!DOCTYPE html><title>Sign in</title>' },
  ],
  ['nothing', { status: 200 }],
  ['an object for a list', { status: 200, body: { keys: [] } }],
  ['ids that are no numbers', { status: 200, body: [{ id: '../../x', title: 'a', key: 'b' }] }],
  ['ids that lose digits', { status: 200, body: '[{"id":90071992547409931,"title":"a","key":"b"}]' }],
  ['deep nesting', { status: 200, body: '['.repeat(500_000) }],
])('%s instead of a list of keys is an error that says so', async (_name, reply) => {
  await using forge = await answering(reply);
  const error = await failureOf(sampleClient('github', forge).find(absent));
  expect(error).toMatchObject({ code: 'invalid_response', hint: expect.stringContaining('api_url') });
});

test('deep nesting in an error is survived', async () => {
  await using forge = await answering({ status: 422, body: `{"message":${'['.repeat(500_000)}` });
  expect(await failureOf(sampleClient('github', forge).find(absent))).toMatchObject({ code: 'refused' });
});

test('escape sequences, bidi marks and line breaks of the server are shown, not obeyed', async () => {
  const message = '\u001B]0;pwned\u0007\u001B[2Jok\r\nfake line \u202Egnp.exe';
  await using forge = await answering({ status: 403, body: { message } });
  const text = String(await failureOf(sampleClient('github', forge).find(absent)));
  expect(text).toContain('\\u{1b}[2Jok\\r\\nfake line \\u{202e}gnp.exe');
  // oxlint-disable-next-line no-control-regex -- the point of the test
  expect(text).not.toMatch(/[\u0000-\u001F\u202E]/);
});

test('a long message of the server is cut', async () => {
  await using forge = await answering({ status: 403, body: { message: 'x'.repeat(100_000) } });
  expect(String(await failureOf(sampleClient('github', forge).find(absent))).length).toBeLessThan(800);
});

test('another key than the one sent is not taken for ours', async () => {
  await using forge = await sampleForge('github', 1);
  const [other] = forge.keys('owner/name');
  forge.fault = ({ method }) =>
    method === 'POST'
      ? {
          kind: 'reply',
          reply: { status: 201, body: { id: other?.id, title: other?.title, key: other?.key } },
        }
      : null;
  const key = {
    title: 'a',
    publicKey: generateKeyPair('a').publicKey,
    readOnly: true,
    expiresAt: new Date(),
  };
  expect(await failureOf(sampleClient('github', forge).create(key))).toMatchObject({
    code: 'invalid_response',
  });
});

/** Everything a log or a terminal could show of an error. */
function shownOf(error: unknown): string {
  const own = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : '';
  return `${own}\n${inspect(error, { depth: 10, showHidden: true, getters: true })}\n${JSON.stringify(error)}`;
}

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 60,
});
const statuses = fc.constantFrom(200, 301, 400, 401, 403, 404, 409, 422, 429, 500);

test.each(providers)(
  '%s: whatever the server answers, and wherever it quotes the token, no error holds it',
  async (provider) => {
    await using forge = await sampleForge(provider);
    const quotes = (secret: string): string[] => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('hex'),
    ];
    await fc.assert(
      fc.asyncProperty(printable, statuses, fc.nat(3), fc.nat(4), async (secret, status, form, place) => {
        const text = `your token ${quotes(secret)[form] ?? ''} is bad`;
        const location = `https://${quotes(secret)[3] ?? ''}.example/`;
        const body = [
          { message: text },
          { error: text },
          { message: { key: [text] } },
          { errors: [{ message: text }] },
          text,
        ][place];
        forge.fault = () => ({
          kind: 'reply',
          reply: { status, headers: { location, 'content-type': text, 'retry-after': '3600' }, body },
        });
        const client = sampleClient(provider, forge, { token: secret });
        const key = {
          title: 'a',
          publicKey: generateKeyPair('a').publicKey,
          readOnly: true,
          expiresAt: new Date(),
        };
        for (const work of [() => client.find(absent), () => client.create(key), () => client.remove(1)]) {
          const error: unknown = await work().then(
            () => null,
            (reason: unknown) => reason,
          );
          if (error === null) continue;
          expect(DeployKeyError.isInstance(error)).toBe(true);
          for (const quote of quotes(secret)) {
            expect(shownOf(error).toLowerCase()).not.toContain(quote.toLowerCase());
          }
        }
        for (const quote of quotes(secret)) expect(shownOf(client)).not.toContain(quote);
      }),
      { numRuns: 60 },
    );
  },
);

test('a token that is no header value is refused without being quoted', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.constantFrom('\n', '\r', '\0', ' ', 'é', '\u{1F600}'),
      (text, bad) => {
        const secret = `s3cr3t${text}${bad}tail`;
        let error: unknown;
        try {
          forgeClient({
            provider: 'gitea',
            host: 'git.example',
            apiUrl: null,
            repoPath: '/a/b',
            token: secret,
            tokenRef,
          });
        } catch (thrown) {
          error = thrown;
        }
        expect(error).toMatchObject({ code: 'token_invalid' });
        expect(shownOf(error)).not.toContain('s3cr3t');
        expect(shownOf(error)).toContain(tokenRef);
      },
    ),
  );
});

test('a missing token is named by its variable', () => {
  const options = {
    provider: 'gitea',
    host: 'git.example',
    apiUrl: null,
    repoPath: '/a/b',
    tokenRef,
  } as const;
  expect(() => forgeClient({ ...options, token: '' })).toThrow(`the forge token is missing: ${tokenRef}`);
  expect(() => forgeClient({ ...options, token })).not.toThrow();
});
