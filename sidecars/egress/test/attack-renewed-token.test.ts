import { afterAll, beforeAll, expect, test } from 'vitest';
import { SecretStore } from '../src/policy/secret-store.ts';
import { bearer, denyCode, HOST, route, SECRET, startProxy, startUpstream, tlsExchange } from './harness.ts';
import type { Answer, Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let a: string;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    request.resume().on('end', () => response.end(request.headers.authorization ?? ''));
  });
  a = `${HOST}:${upstream.port}`;
  proxy = await startProxy({ routes: [route(HOST, upstream.port, { auth: bearer })] });
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

const send = (body: string): Promise<Answer> =>
  tlsExchange(proxy, a, `POST / HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
const token = (name: string): string => `${name}-token-0123456789abcdef`;

test('a token that was renewed is not let out, plain or encoded, and the next one is used', async () => {
  expect((await send('nothing')).status).toBe(200);
  proxy.server.setSecrets({ EGRESS_TOKEN_0: token('second') });
  proxy.server.setSecrets({ EGRESS_TOKEN_0: token('third') });
  for (const secret of [SECRET, token('second'), token('third')]) {
    expect(denyCode(await send(`x ${secret} x`))).toBe('dlp_blocked');
    expect(denyCode(await send(Buffer.from(`x ${secret}`).toString('base64')))).toBe('dlp_blocked');
  }
  const path = `/${SECRET}`;
  expect(denyCode(await tlsExchange(proxy, a, `GET ${path} HTTP/1.1\r\nHost: ${a}\r\n\r\n`))).toBe(
    'dlp_blocked',
  );
  expect((await send('nothing')).status).toBe(200);
  expect(JSON.stringify([proxy.events, proxy.logs])).not.toMatch(/live-0123456789|second-token|third-token/);
});

test('a token that was withdrawn is not let out either', async () => {
  proxy.server.setSecrets({ EGRESS_TOKEN_0: token('last') });
  proxy.server.setSecrets({ EGRESS_TOKEN_0: '' });
  expect(denyCode(await send(token('last')))).toBe('dlp_blocked');
  expect(denyCode(await send('nothing'))).toBe('credential_unavailable');
  proxy.server.setSecrets({ EGRESS_TOKEN_0: token('again') });
  expect((await send('nothing')).status).toBe(200);
});

const values = (store: SecretStore, permitted: readonly string[] = []): string[] =>
  store.knownSecrets(permitted).map(({ value }) => value);

test('only the last few values of a slot stay known, however often it is renewed', () => {
  const store = new SecretStore({ EGRESS_TOKEN_0: token('v0'), EGRESS_TOKEN_1: token('other') }, {});
  for (let i = 1; i <= 1000; i += 1) {
    store.replace({ EGRESS_TOKEN_0: token(`v${i}`) });
    // the same value again, and none for a while, push nothing out
    store.replace({ EGRESS_TOKEN_0: token(`v${i}`) });
    store.replace({ EGRESS_TOKEN_0: '' });
  }
  const last = Array.from({ length: 8 }, (_, i) => token(`v${1000 - i}`));
  expect(values(store)).toEqual([...last, token('other')]);
  expect(store.get('EGRESS_TOKEN_0')).toBeNull();
  store.replace({ EGRESS_TOKEN_0: token('v1000') });
  expect(values(store)).toEqual([...last, token('other')]);
});

test('earlier values of an env secret are permitted where it is, and the CA key is never one', () => {
  const store = new SecretStore(
    { EGRESS_SECRET_0: 'a', EGRESS_CA_KEY: 'k', EGRESS_CANARY: 'c' },
    { EGRESS_SECRET_0: 'DB' },
  );
  store.replace({ EGRESS_SECRET_0: 'b', EGRESS_CA_KEY: 'l', EGRESS_CANARY: 'd' });
  expect(values(store)).toEqual(['b', 'a']);
  expect(values(store, ['DB'])).toEqual([]);
  expect(store.canaries().map(({ value }) => value)).toEqual(['d', 'c']);
});
