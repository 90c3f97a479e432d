import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bearer,
  CANARY,
  denyCode,
  get,
  HOST,
  route,
  SECRET,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import type { Answer, Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
const bodies: Buffer[] = [];
const aborted: number[] = [];

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => aborted.push(Buffer.concat(chunks).length));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      response.end(JSON.stringify({ headers: request.headers, url: request.url }));
    });
  });
});
afterAll(() => upstream.close());

async function withPolicy(
  onMatch: 'block' | 'redact' | 'warn' | 'supervise',
  run: (proxy: Proxy, a: string) => Promise<void>,
): Promise<void> {
  const a = `${HOST}:${upstream.port}`;
  const proxy = await startProxy({
    routes: [
      route(HOST, upstream.port, {
        auth: bearer,
        dlp: { outbound: ['known_secrets', 'canary', 'crlf'], inbound: [], on_match: onMatch },
      }),
    ],
    secrets: { EGRESS_SECRET_0: 'env-secret-value-0123456789' },
    config: { env_secrets: { EGRESS_SECRET_0: 'DB_PASSWORD' } },
  });
  try {
    await run(proxy, a);
  } finally {
    await proxy.close();
  }
}

function post(proxy: Proxy, a: string, body: Buffer | string, headers = ''): Promise<Answer> {
  const bytes = Buffer.from(body);
  const head = `POST /b HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${bytes.length}\r\n${headers}\r\n`;
  return tlsExchange(proxy, a, Buffer.concat([Buffer.from(head), bytes]));
}

describe('block', () => {
  test.each([
    ['query', (a: string) => get(`/x?q=${CANARY}`, a)],
    ['path', (a: string) => get(`/x/${CANARY}`, a)],
    ['header', (a: string) => get('/x', a, `X-Note: ${CANARY}\r\n`)],
    ['env secret', (a: string) => get('/x', a, 'X-Note: env-secret-value-0123456789\r\n')],
  ])('a secret in the %s does not leave, and is in no answer, event or log', async (_name, bytes) => {
    await withPolicy('block', async (proxy, a) => {
      const before = bodies.length;
      const answer = await tlsExchange(proxy, a, bytes(a));
      expect(denyCode(answer)).toBe('dlp_blocked');
      expect(bodies.length).toBe(before);
      const told = answer.raw + JSON.stringify(proxy.events) + JSON.stringify(proxy.logs);
      expect(told).not.toContain(CANARY);
      expect(told).not.toContain('env-secret-value');
      expect(proxy.events.at(-1)).toMatchObject({ outcome: 'denied', code: 'dlp_blocked' });
    });
  });

  test('a secret in a body does not leave, plain or compressed', async () => {
    await withPolicy('block', async (proxy, a) => {
      const before = bodies.length;
      expect(denyCode(await post(proxy, a, `{"k":"${SECRET}"}`))).toBe('dlp_blocked');
      expect(
        denyCode(await post(proxy, a, gzipSync(`{"k":"${SECRET}"}`), 'Content-Encoding: gzip\r\n')),
      ).toBe('dlp_blocked');
      expect(bodies.length).toBe(before);
    });
  });

  test('a body that cannot be decoded does not leave', async () => {
    await withPolicy('block', async (proxy, a) => {
      expect(denyCode(await post(proxy, a, 'xxxx', 'Content-Encoding: rot13\r\n'))).toBe('undecodable_body');
    });
  });

  test('a long clean body arrives as it was sent', async () => {
    await withPolicy('block', async (proxy, a) => {
      const body = randomBytes(5 * 1024 * 1024 + 17);
      expect((await post(proxy, a, body)).status).toBe(200);
      expect(bodies.at(-1)?.equals(body)).toBe(true);
    });
  });

  test('a secret late in a long body never arrives whole, and the denial is readable', async () => {
    await withPolicy('block', async (proxy, a) => {
      const before = bodies.length;
      const filler = Buffer.alloc(3 * 1024 * 1024, 'clean text ');
      const answer = await post(proxy, a, Buffer.concat([filler, Buffer.from(SECRET), filler]));
      expect(denyCode(answer)).toBe('dlp_blocked');
      await until(() => aborted.length > 0);
      expect(bodies.length).toBe(before);
    });
  });
});

describe('redact', () => {
  test('overwrites a header value and a body with the same length', async () => {
    await withPolicy('redact', async (proxy, a) => {
      const answer = await post(proxy, a, `k=${CANARY}&z`, `X-Note: see ${CANARY}.\r\n`);
      expect(answer.status).toBe(200);
      expect(bodies.at(-1)?.toString()).toBe(`k=${'*'.repeat(CANARY.length)}&z`);
      expect(answer.body).toContain(`see ${'*'.repeat(CANARY.length)}.`);
      expect(proxy.events.at(-1)).toMatchObject({ outcome: 'redacted' });
    });
  });

  test('blocks where the span is not known', async () => {
    await withPolicy('redact', async (proxy, a) => {
      expect(denyCode(await post(proxy, a, gzipSync(CANARY), 'Content-Encoding: gzip\r\n'))).toBe(
        'dlp_blocked',
      );
    });
  });
});

describe('warn, and supervise without a human', () => {
  test('warn lets it pass and records it', async () => {
    await withPolicy('warn', async (proxy, a) => {
      expect((await post(proxy, a, `k=${CANARY}`)).status).toBe(200);
      expect(proxy.events.at(-1)).toMatchObject({ outcome: 'warned' });
    });
  });

  test('supervise blocks and says why where nobody can be asked', async () => {
    await withPolicy('supervise', async (proxy, a) => {
      const answer = await post(proxy, a, `k=${CANARY}`);
      expect(denyCode(answer)).toBe('dlp_blocked');
      expect(answer.body).toContain('nobody can be asked here');
    });
  });
});

test('a row may permit an env secret, but not another row’s', async () => {
  const a = `${HOST}:${upstream.port}`;
  const b = `b.test:${upstream.port}`;
  const proxy = await startProxy({
    routes: [route(HOST, upstream.port, { env_secrets: ['DB_PASSWORD'] }), route('b.test', upstream.port)],
    secrets: { EGRESS_SECRET_0: 'env-secret-value-0123456789' },
    config: { env_secrets: { EGRESS_SECRET_0: 'DB_PASSWORD' } },
  });
  const note = 'X-Note: env-secret-value-0123456789\r\n';
  expect((await tlsExchange(proxy, a, get('/', a, note))).status).toBe(200);
  expect(denyCode(await tlsExchange(proxy, b, get('/', b, note)))).toBe('dlp_blocked');
  await proxy.close();
});

test('a byte budget ends what a bottle may send', async () => {
  const a = `${HOST}:${upstream.port}`;
  const proxy = await startProxy({
    routes: [route(HOST, upstream.port)],
    config: { budget: { request_bytes: 10_000, total_bytes: 15_000 } },
  });
  expect(denyCode(await post(proxy, a, Buffer.alloc(20_000, 'a')))).toBe('budget_exceeded');
  expect((await post(proxy, a, Buffer.alloc(9_000, 'a'))).status).toBe(200);
  expect(denyCode(await post(proxy, a, Buffer.alloc(9_000, 'a')))).toBe('budget_exceeded');
  await proxy.close();
});
