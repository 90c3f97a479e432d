import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bearer,
  get,
  HOST,
  openTls,
  route,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let a: string;
let open = 0;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    if (request.url !== '/stream' && request.url !== '/flood') return void response.end('ok');
    open += 1;
    response.on('close', () => (open -= 1));
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    if (request.url === '/stream') return void response.write('data: 1\n\n');
    const block = Buffer.alloc(64 * 1024, 'x');
    const more = () => {
      while (!response.destroyed && response.write(block)) continue;
    };
    response.on('drain', more);
    more();
  });
  a = `${HOST}:${upstream.port}`;
  proxy = await startProxy({ routes: [route(HOST, upstream.port, { auth: bearer })] });
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

test('200 streams at once, and none is left when the agent goes', async () => {
  const streams = [];
  for (let i = 0; i < 200; i += 1) {
    const secure = await openTls(proxy, a);
    secure.write(get('/stream', a));
    streams.push(secure);
  }
  await until(() => open === 200);
  expect((await tlsExchange(proxy, a, get('/', a))).status).toBe(200);
  for (const secure of streams) secure.destroy();
  await until(() => open === 0);
});

test('an agent that does not read holds the upstream back', async () => {
  const before = process.memoryUsage.rss();
  const secure = await openTls(proxy, a);
  secure.pause();
  secure.write(get('/flood', a));
  await until(() => open === 1);
  let last = -1;
  await until(() => {
    const now = process.memoryUsage.rss();
    const still = now === last;
    last = now;
    return still;
  });
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  secure.destroy();
  await until(() => open === 0);
});
