import type { TLSSocket } from 'node:tls';
import type { Route } from '@bot-bottle/egress';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  connectTunnel,
  denyCode,
  get,
  HOST,
  openTls,
  readAnswer,
  route,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import type { Answer, Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let a: string;
let proxy: Proxy;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (!request.url?.startsWith('/stream')) return void response.end('ok');
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: x\n\n'), 20);
    response.on('close', () => clearInterval(timer));
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(() => proxy.close());

const base = () => route(HOST, upstream.port, { path_allowlist: ['/v1'] });
const grant = (more: Partial<Route> = {}) =>
  route(HOST, upstream.port, { owner: 'grant', path_allowlist: ['/v2', '/stream'], ...more });
const table = (...routes: Route[]) => ({ version: 1, routes });

async function ask(secure: TLSSocket, path: string): Promise<Answer> {
  const answered = readAnswer(secure);
  secure.write(get(path, a));
  return answered;
}

async function startStream(): Promise<{ text: () => string; closed: Promise<number>; secure: TLSSocket }> {
  const secure = await openTls(proxy, a);
  let text = '';
  secure.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const closed = new Promise<number>((resolve) => secure.once('close', () => resolve(performance.now())));
  secure.write(get('/stream', a));
  await until(() => text.includes('data: x'));
  return { text: () => text, closed, secure };
}

describe('a grant that a new table brings', () => {
  test('is in force for the next request of a tunnel that is open already', async () => {
    proxy = await startProxy({ routes: [base()] });
    const secure = await openTls(proxy, a);
    expect((await ask(secure, '/v1')).status).toBe(200);
    proxy.server.setTable(table(base(), grant()));
    expect((await ask(secure, '/v2')).status).toBe(200);
    proxy.server.setTable(table(base()));
    expect(denyCode(await ask(secure, '/v2'))).toBe('path_not_allowed');
    secure.destroy();
  });

  test('is in force for new tunnels, also to a host that had no row', async () => {
    proxy = await startProxy({
      routes: [route('other.test', 443)],
      config: { hosts: { [HOST]: '127.0.0.1' } },
    });
    expect(denyCode(await tlsExchange(proxy, a, get('/v2', a)))).toBe('host_not_allowed');
    proxy.server.setTable(table(route('other.test', 443), grant()));
    // a grant opens no address: the decision let it go on to where the upstream of this test is found out
    expect(denyCode(await tlsExchange(proxy, a, get('/v2', a)))).toBe('address_not_allowed');
    expect(denyCode(await tlsExchange(proxy, a, get('/v3', a)))).toBe('path_not_allowed');
  });

  test('is in force inside a tunnel that was opened to be told of the denial', async () => {
    proxy = await startProxy({
      routes: [route('other.test', 443)],
      config: { hosts: { [HOST]: '127.0.0.1' } },
    });
    const secure = await openTls(proxy, a);
    proxy.server.setTable(table(route('other.test', 443), grant()));
    expect(denyCode(await ask(secure, '/v2'))).toBe('address_not_allowed');
    secure.destroy();
  });

  test('drops neither streams nor idle tunnels nor half-open ones', async () => {
    proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const stream = await startStream();
    const idle = await openTls(proxy, a);
    expect((await ask(idle, '/v1')).status).toBe(200);
    const { socket } = await connectTunnel(proxy, a);
    for (let i = 0; i < 5; i += 1) {
      const other = route('more.test', 443, { owner: 'grant', path_allowlist: [`/${i}`] });
      proxy.server.setTable(table(route(HOST, upstream.port), other));
    }
    const length = stream.text().length;
    await until(() => stream.text().length > length + 50);
    expect((await ask(idle, '/v1')).status).toBe(200);
    expect(socket.destroyed).toBe(false);
    for (const each of [stream.secure, idle, socket]) each.destroy();
  });
});

describe('the end of a grant', () => {
  test('counts from the time of the launcher, however far the wall clock is from it', async () => {
    const now = 1_000_000;
    proxy = await startProxy({ routes: [base(), grant({ expires_at: now + 800 })], config: { now } });
    const begun = performance.now();
    const secure = await openTls(proxy, a);
    const stream = await startStream();
    expect((await ask(secure, '/v2')).status).toBe(200);
    const ended = await stream.closed;
    expect(ended - begun).toBeGreaterThan(600);
    expect(ended - begun).toBeLessThan(800 + 5_000);
    expect((await ask(secure, '/v1')).status).toBe(200);
    expect(denyCode(await ask(secure, '/v2'))).toBe('path_not_allowed');
    secure.destroy();
  });

  test('has come when it has for the launcher, although not by the wall clock', async () => {
    const now = Date.now() + 2 * 3_600_000;
    proxy = await startProxy({
      routes: [base(), grant({ expires_at: now - 3_600_000 })],
      config: { now },
    });
    expect(denyCode(await tlsExchange(proxy, a, get('/v2', a)))).toBe('path_not_allowed');
  });

  test('leaves requests under other rows alone', async () => {
    const now = 1_000_000;
    const wide = route(HOST, upstream.port, { path_allowlist: ['/stream'] });
    proxy = await startProxy({
      routes: [
        wide,
        route(HOST, upstream.port, { owner: 'grant', path_allowlist: ['/v2'], expires_at: now + 300 }),
      ],
      config: { now },
    });
    const stream = await startStream();
    const begun = performance.now();
    // the review that would cut it comes every second
    await until(() => performance.now() - begun > 1_500);
    const length = stream.text().length;
    await until(() => stream.text().length > length + 50);
    expect(denyCode(await tlsExchange(proxy, a, get('/v2', a)))).toBe('path_not_allowed');
    stream.secure.destroy();
  });
});
