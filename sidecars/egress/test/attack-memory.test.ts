import { Socket } from 'node:net';
import { parseRequestHead } from '@bot-bottle/egress';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentReader } from '../src/agent/agent-reader.ts';
import { HeldBudget } from '../src/limits/held-budget.ts';
import { Sweeper } from '../src/limits/sweeper.ts';
import { BodyCollector, WHOLE_BODY_BYTES } from '../src/request/collect-body.ts';
import type { Collected } from '../src/request/collect-body.ts';
import { LazyAbort } from '../src/request/lazy-abort.ts';
import { collectGarbage } from './collect-garbage.ts';
import { HOST, openTls, route, startProxy, startUpstream } from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let a: string;

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => response.end());
  a = `${HOST}:${upstream.port}`;
  proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

const heapMiB = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1024 / 1024;
};

test('a body in chunks of one byte costs about as much as its bytes', async () => {
  const secure = await openTls(proxy, a);
  const before = heapMiB();
  secure.write(`POST / HTTP/1.1\r\nHost: ${a}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  await new Promise((resolve) => secure.write(Buffer.from('1\r\na\r\n'.repeat(600_000)), resolve));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(heapMiB() - before).toBeLessThan(40);
  secure.destroy();
});

test('a body that arrives byte by byte is not held byte by byte', async () => {
  const sweeper = new Sweeper(60_000);
  const socket = new Socket();
  const collected = Promise.withResolvers<Collected>();
  const reader = new AgentReader(
    socket,
    {
      head: (bytes) => {
        const parsed = parseRequestHead(bytes);
        if (!parsed.ok) throw new Error(parsed.reason);
        const held = new HeldBudget(2 * WHOLE_BODY_BYTES, 1_000);
        void new BodyCollector(reader, held, new LazyAbort()).collect(parsed.head).then(collected.resolve);
      },
      badHead: () => undefined,
      gone: () => undefined,
      stuck: () => undefined,
    },
    { headBytes: 65_536, headMs: 10_000, idleMs: 10_000 },
    sweeper,
  );
  socket.emit('data', Buffer.from(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 9000000\r\n\r\n`));
  for (let i = 0; i <= WHOLE_BODY_BYTES; i += 1) socket.emit('data', Buffer.from([i & 0xff]));
  const start = await collected.promise;
  if (start.kind !== 'long') throw new Error(start.kind);
  expect(start.start.length).toBeLessThan(WHOLE_BODY_BYTES / 100);
  const whole = Buffer.concat(start.start);
  expect(whole.length).toBe(WHOLE_BODY_BYTES + 1);
  expect(whole.every((byte, i) => byte === (i & 0xff))).toBe(true);
  reader.destroy();
  sweeper.stop();
});
