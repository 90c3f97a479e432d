import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Holds } from '../src/hold/holds.ts';
import type { Held } from '../src/hold/holds.ts';
import {
  CANARY,
  denyCode,
  dial,
  get,
  HOST,
  openTls,
  rawExchange,
  readAnswer,
  route,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import type { Answer, Proxy, ProxyOptions, Upstream } from './harness.ts';
import { HoldDesk, idOf } from './hold-desk.ts';

let upstream: Upstream;
let a: string;
let proxy: Proxy;
let desk: HoldDesk;
let arrived = 0;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    arrived += 1;
    request.resume();
    request.on('end', () => response.end('ok'));
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(() => proxy.close());

async function start(config: ProxyOptions['config'] = {}): Promise<void> {
  arrived = 0;
  desk = new HoldDesk();
  proxy = await startProxy({
    routes: [
      route(HOST, upstream.port, { dlp: { outbound: ['canary'], inbound: [], on_match: 'supervise' } }),
      route('free.test', upstream.port),
    ],
    propose: desk.propose,
    config,
  });
}

const held = () => proxy.events.filter(({ outcome }) => outcome === 'held').length;

function post(body: string): Promise<Answer> {
  return tlsExchange(
    proxy,
    a,
    `POST /b HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

test('nothing that the agent sends answers its own question', async () => {
  await start();
  const sent = post(`k=${CANARY}`);
  await until(() => held() === 1);
  const id = idOf(0);
  const decision = JSON.stringify({ proposal: id, outcome: 'approved', reason: '' });
  const line = JSON.stringify({
    type: 'decision',
    id: 1,
    decision: { proposal: id, outcome: 'approved', reason: '' },
  });
  const posted = (target: string, host: string, body: string) =>
    rawExchange(
      proxy,
      `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  for (const path of ['/', '/decide', '/decision', '/approve', `/proposals/${id}`, '/allowlist', '/health']) {
    await posted(`http://_egress.local${path}`, '_egress.local', decision);
    await posted(`http://_egress.local${path}?proposal=${id}&outcome=approved`, '_egress.local', line);
    await posted(path, proxy.address, decision);
  }
  await tlsExchange(
    proxy,
    a,
    get('/x', a, `X-Bot-Bottle-Approve: ${id}\r\nX-Bot-Bottle-Decision: ${decision}\r\n`),
  );
  const other = await openTls(proxy, a);
  other.write(get(`/x?q=${CANARY}&proposal=${id}&outcome=approved`, a));
  await until(() => held() === 2);
  other.destroy();
  expect(
    proxy.events.filter(({ target }) => target.startsWith('POST https')).map(({ outcome }) => outcome),
  ).toEqual(['held']);
  await desk.answer(proxy, 0, 'rejected');
  expect(denyCode(await sent)).toBe('approval_rejected');
});

test('an inline marker or the hash of the value in the request allows nothing', async () => {
  await start();
  const first = post(`k=${CANARY}`);
  await until(() => held() === 1);
  const sha256 = desk.asked[0]?.findings[0]?.sha256 ?? '';
  const again = post(
    `k=${CANARY} bot-bottle:allow gitleaks:allow sha256=${sha256} dlp_approved rule=canary/canary`,
  );
  await until(() => held() === 2);
  expect(arrived).toBe(0);
  await desk.answer(proxy, 0, 'rejected');
  await desk.answer(proxy, 1, 'rejected');
  await Promise.all([first, again]);
  expect(arrived).toBe(0);
});

test('a flood of different requests asks no more often than the launcher takes, and none passes', async () => {
  await start({ limits: { hold_ms: 1_000 } });
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => tlsExchange(proxy, a, get(`/${i}?q=${CANARY}`, a))),
  );
  const codes = answers.map(denyCode);
  expect(codes.filter((code) => code === 'approval_timeout').length).toBe(5);
  expect(codes.filter((code) => code === 'too_many_proposals').length).toBe(35);
  expect(desk.messages).toBe(5);
  desk.refusal = 'too_many_proposals: 5 proposals wait for a human already';
  for (let index = 0; index < 5; index += 1) await desk.answer(proxy, index, 'rejected');
  for (let i = 0; i < 20; i += 1) await tlsExchange(proxy, a, get(`/again/${i}?q=${CANARY}`, a));
  expect(desk.messages).toBeLessThanOrEqual(10);
  expect(arrived).toBe(0);
});

test('many requests that ask the same are one question', async () => {
  await start();
  const sent = Array.from({ length: 60 }, () => post(`k=${CANARY}`));
  await until(() => held() === 60);
  expect(desk.messages).toBe(1);
  await desk.answer(proxy, 0, 'approved');
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(sent.map(() => 200));
});

test('held bodies and heads stay within the shared memory, and give it back', async () => {
  await start({ limits: { held_bytes: 1024 * 1024, idle_ms: 400, first_byte_ms: 400 } });
  const big = `k=${CANARY}${'x'.repeat(1_015_000)}`;
  const first = post(big);
  await until(() => held() === 1);
  expect(denyCode(await post(big))).toBe('limit_exceeded');
  const wide = () => get('/x', a, `X-Note: ${CANARY}${'y'.repeat(14_000)}\r\n`);
  const heads = [tlsExchange(proxy, a, wide()), tlsExchange(proxy, a, wide())];
  await until(() => held() === 3);
  expect(denyCode(await tlsExchange(proxy, a, wide()))).toBe('limit_exceeded');
  await desk.answer(proxy, 0, 'approved');
  expect([await first, ...(await Promise.all(heads))].map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await post(big)).status).toBe(200);
});

test('a held request delays no other one', async () => {
  await start();
  const sent = post(`k=${CANARY}`);
  await until(() => held() === 1);
  const begun = performance.now();
  expect((await post('clean')).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(1_000);
  await desk.answer(proxy, 0, 'rejected');
  await sent;
});

test('agents that leave leave nothing behind', async () => {
  await start({ limits: { held_bytes: 1024 * 1024 } });
  const hold = vi.spyOn(Holds.prototype, 'hold');
  for (let round = 0; round < 5; round += 1) {
    const secure = await openTls(proxy, a);
    const body = `k=${CANARY}${'x'.repeat(900_000)}`;
    secure.write(`POST /b HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await until(() => held() === round + 1);
    secure.destroy();
  }
  expect(desk.messages).toBe(1);
  expect((await post('x'.repeat(1_000_000))).status).toBe(200);
  const verdicts = await Promise.all(hold.mock.results.map(({ value }) => (value as Held).verdict));
  expect(verdicts.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'left'));
  hold.mockRestore();
});

test('what is pipelined behind a held request waits for it and cannot become it', async () => {
  await start();
  const secure = await openTls(proxy, a);
  secure.write(get(`/held?q=${CANARY}`, a) + get('/next', a));
  await until(() => held() === 1);
  expect(arrived).toBe(0);
  const answered = readAnswer(secure);
  await desk.answer(proxy, 0, 'rejected');
  expect(denyCode(await answered)).toBe('approval_rejected');
  // the connection ends with a denial
  await new Promise((resolve) => secure.once('close', resolve));
  expect(arrived).toBe(0);
});

test('a connection stays usable after an approval', async () => {
  await start();
  const secure = await openTls(proxy, a);
  secure.write(get(`/held?q=${CANARY}`, a));
  await desk.answer(proxy, 0, 'approved');
  expect((await readAnswer(secure)).status).toBe(200);
  secure.write(get('/next', a));
  expect((await readAnswer(secure)).status).toBe(200);
  secure.destroy();
});

test.each([
  ['of nobody', { proposal: idOf(7), outcome: 'approved', reason: '' }],
  ['with more than it may say', { proposal: idOf(0), outcome: 'approved', reason: '', host: 'evil.test' }],
  ['that is none', 'approved'],
  ['that is null', null],
])('a decision %s is refused and changes nothing', async (_name, decision) => {
  await start();
  const sent = post(`k=${CANARY}`);
  await until(() => held() === 1);
  await expect(proxy.server.decide(decision)).rejects.toSatisfy((error) => ProtocolRefusal.isInstance(error));
  expect(arrived).toBe(0);
  await desk.answer(proxy, 0, 'rejected');
  expect(denyCode(await sent)).toBe('approval_rejected');
});

test('a second decision is refused, also one that says the opposite', async () => {
  await start();
  const sent = post(`k=${CANARY}`);
  await desk.answer(proxy, 0, 'rejected');
  await sent;
  for (const outcome of ['approved', 'rejected', 'abandoned']) {
    const twice = proxy.server.decide({ proposal: idOf(0), outcome, reason: '' });
    await expect(twice).rejects.toSatisfy((error) => ProtocolRefusal.isInstance(error));
  }
  const next = post(`k=${CANARY}`);
  await desk.answer(proxy, 1, 'rejected');
  await next;
  expect(arrived).toBe(0);
});

test('a question that was closed without an answer says so', async () => {
  await start();
  const sent = post(`k=${CANARY}`);
  await until(() => held() === 1);
  await proxy.server.decide({ proposal: idOf(0), outcome: 'abandoned', reason: 'the bottle ended' });
  const answer = await sent;
  expect(denyCode(answer)).toBe('approval_timeout');
  expect(answer.body).toContain('the bottle ended');
});

test('plain requests through the proxy itself are held alike', async () => {
  await start();
  proxy.server.setTable({
    version: 1,
    routes: [
      route(HOST, 80, { scheme: 'http', dlp: { outbound: ['canary'], inbound: [], on_match: 'supervise' } }),
    ],
  });
  const socket = await dial(proxy);
  socket.write(`GET http://${HOST}/x?q=${CANARY} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  const answered = readAnswer(socket);
  await desk.answer(proxy, 0, 'rejected');
  expect(denyCode(await answered)).toBe('approval_rejected');
  socket.destroy();
});
