import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EgressConfigInput } from '@bot-bottle/egress';
import type { Route } from '@bot-bottle/egress';
import {
  bearer,
  CANARY,
  denyCode,
  get,
  HOST,
  openTls,
  route,
  SECRET,
  startProxy,
  startUpstream,
  tlsExchange,
  until,
} from './harness.ts';
import type { Answer, Proxy, ProxyOptions, Upstream } from './harness.ts';
import { HoldDesk, idOf } from './hold-desk.ts';

const OTHER = 'env-secret-value-0123456789';
const supervised = {
  outbound: ['known_secrets', 'canary', 'crlf'],
  inbound: [],
  on_match: 'supervise',
} as const;

let upstream: Upstream;
let a: string;
let b: string;
let proxy: Proxy;
let desk: HoldDesk;
const bodies: string[] = [];

beforeAll(async () => {
  upstream = await startUpstream(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString('latin1'));
        response.end(JSON.stringify({ headers: request.headers, url: request.url }));
      });
    },
    [HOST, 'b.test'],
  );
  a = `${HOST}:${upstream.port}`;
  b = `b.test:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(() => proxy.close());

async function start(
  limits: EgressConfigInput['limits'] = {},
  more: Partial<ProxyOptions> = {},
  row: Partial<Route> = {},
): Promise<void> {
  bodies.length = 0;
  desk = new HoldDesk();
  const dlp = { ...supervised, outbound: [...supervised.outbound], inbound: [] };
  proxy = await startProxy({
    routes: [
      route(HOST, upstream.port, { auth: bearer, dlp, ...row }),
      route('b.test', upstream.port, { dlp, ...row }),
    ],
    secrets: { EGRESS_SECRET_0: OTHER },
    propose: desk.propose,
    ...more,
    config: { env_secrets: { EGRESS_SECRET_0: 'DB_PASSWORD' }, ...more.config, limits },
  });
}

function post(body: Buffer | string, headers = '', authority = a): Promise<Answer> {
  const bytes = Buffer.from(body);
  const head = `POST /b HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${bytes.length}\r\n${headers}\r\n`;
  return tlsExchange(proxy, authority, Buffer.concat([Buffer.from(head), bytes]));
}

const outcomes = () => proxy.events.map(({ outcome, code }) => code ?? outcome);
const told = (...answers: Answer[]) => JSON.stringify([answers, proxy.events, proxy.logs, desk.asked]);

describe('an approval', () => {
  test.each([
    ['query', () => tlsExchange(proxy, a, get(`/x?q=${CANARY}`, a)), 'query'],
    ['path', () => tlsExchange(proxy, a, get(`/x/${CANARY}`, a)), 'path'],
    ['header', () => tlsExchange(proxy, a, get('/x', a, `X-Note: ${CANARY}\r\n`)), 'header:x-note'],
    ['body', () => post(`k=${CANARY}`), 'body'],
  ])('lets the same request go on, with the value in its %s', async (_name, send, surface) => {
    await start();
    const sent = send();
    await desk.answer(proxy, 0, 'approved', 'a fixture');
    const answer = await sent;
    expect(answer.status).toBe(200);
    expect(desk.asked).toMatchObject([
      { kind: 'dlp-hold', host: HOST, findings: [{ rule: 'canary/canary', surface }], more_findings: 0 },
    ]);
    expect(outcomes()).toEqual(['held', 'allowed']);
    expect(proxy.events.map(({ details }) => details['proposal'])).toEqual([idOf(0), idOf(0)]);
    expect(JSON.stringify([proxy.events, proxy.logs, desk.asked])).not.toContain(CANARY);
  });

  test('sends the body as it was', async () => {
    await start();
    const body = `${'x'.repeat(300_000)} ${CANARY} ${'y'.repeat(300_000)}`;
    const sent = post(body);
    await desk.answer(proxy, 0, 'approved');
    expect((await sent).status).toBe(200);
    expect(bodies).toEqual([body]);
  });

  test('is remembered for the value, which is not shown afterwards either', async () => {
    await start();
    const sent = post(`k=${CANARY}`);
    await desk.answer(proxy, 0, 'approved');
    await sent;
    const again = await tlsExchange(proxy, a, get(`/other/${CANARY}?q=${CANARY}`, a));
    expect(again.status).toBe(200);
    expect(desk.asked.length).toBe(1);
    expect(outcomes()).toEqual(['held', 'allowed', 'allowed']);
    expect(JSON.stringify([proxy.events, proxy.logs])).not.toContain(CANARY);
  });

  test('of an earlier life of the sidecar counts', async () => {
    await start();
    const sent = post(`k=${CANARY}`);
    await desk.answer(proxy, 0, 'approved');
    await sent;
    const approved = (desk.asked[0]?.findings ?? []).map(({ rule, sha256 }) => ({
      scheme: 'https' as const,
      host: HOST,
      rule,
      sha256,
    }));
    await proxy.close();
    await start({}, { config: { dlp_approved: approved } });
    expect((await post(`k=${CANARY}`)).status).toBe(200);
    expect(desk.asked).toEqual([]);
  });

  test('lets every waiting request go on that holds nothing else', async () => {
    await start();
    const sent = [post(`k=${CANARY}`), post(`k=${CANARY}`), tlsExchange(proxy, a, get(`/x?q=${CANARY}`, a))];
    const more = post(`k=${CANARY}&o=${OTHER}`);
    await until(() => desk.asked.length === 3);
    expect(desk.messages).toBe(3);
    const index = desk.asked.findIndex(({ method }) => method === 'GET');
    await desk.answer(proxy, index, 'approved');
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const last = desk.asked.findIndex(({ findings }) => findings.length === 2);
    await desk.answer(proxy, last, 'rejected');
    expect(denyCode(await more)).toBe('approval_rejected');
  });

  test('that is told before the id of its question counts all the same', async () => {
    await start();
    const gate = Promise.withResolvers<void>();
    desk.gate = gate.promise;
    const sent = post(`k=${CANARY}`);
    const answered = desk.answer(proxy, 0, 'approved');
    await until(() => desk.asked.length === 1);
    gate.resolve();
    await answered;
    expect((await sent).status).toBe(200);
  });

  test('does not outrun a table that was changed meanwhile', async () => {
    await start();
    const sent = post(`k=${CANARY}`);
    await until(() => desk.asked.length === 1);
    const dlp = { outbound: [...supervised.outbound], inbound: [], on_match: 'block' as const };
    proxy.server.setTable({ version: 1, routes: [route(HOST, upstream.port, { auth: bearer, dlp })] });
    await desk.answer(proxy, 0, 'approved');
    expect(denyCode(await sent)).toBe('dlp_blocked');
    expect(bodies).toEqual([]);
  });
});

describe('what an approval does not cover', () => {
  test.each([
    ['another host', () => post(`k=${CANARY}`, '', b)],
    ['another value', () => post(`k=${OTHER}`)],
    ['another value beside it', () => post(`k=${CANARY}&o=${OTHER}`)],
  ])('%s is asked about anew', async (_name, send) => {
    await start();
    const first = post(`k=${CANARY}`);
    await desk.answer(proxy, 0, 'approved');
    await first;
    const sent = send();
    await desk.answer(proxy, 1, 'rejected', 'no');
    expect(denyCode(await sent)).toBe('approval_rejected');
    expect(bodies.length).toBe(1);
    expect(JSON.stringify([proxy.events, proxy.logs, desk.asked])).not.toMatch(
      new RegExp(`${CANARY}|${OTHER}`),
    );
  });

  test('an approved value that surrounds another one is masked in what is asked then', async () => {
    await start({}, { secrets: { EGRESS_SECRET_0: OTHER, EGRESS_SECRET_1: 'tell nobody of it' } });
    const first = post('k=tell nobody of it');
    await desk.answer(proxy, 0, 'approved');
    expect((await first).status).toBe(200);
    const sent = post(`tell nobody of it ${CANARY} tell nobody of it`, 'X-tell-nobody-of-it: 1\r\n');
    await desk.answer(proxy, 1, 'rejected');
    await sent;
    expect(JSON.stringify(desk.asked)).not.toMatch(/nobody|of it/);
  });

  test('a value that the row does not search for is masked in what is asked', async () => {
    const dlp = { outbound: ['canary' as const], inbound: [], on_match: 'supervise' as const };
    const secrets = { EGRESS_SECRET_0: OTHER, EGRESS_SECRET_1: 'tell nobody of it' };
    const config = { env_secrets: { EGRESS_SECRET_0: 'DB_PASSWORD', EGRESS_SECRET_1: 'NOTE' } };
    for (const row of [{ dlp }, { env_secrets: ['NOTE'] }]) {
      await start({}, { secrets, config }, row);
      const noted = `tell nobody of it ${CANARY} tell nobody of it`;
      const sent = [
        post(noted),
        tlsExchange(proxy, a, get('/x', a, `X-Note: ${noted}\r\n`)),
        post(Buffer.concat([Buffer.from(noted), Buffer.alloc(2 * 1024 * 1024, ' clean')])),
      ];
      await until(() => desk.asked.length === 3);
      expect(JSON.stringify([desk.asked, proxy.events])).not.toMatch(/nobody|of it/);
      for (const index of [0, 1, 2]) await desk.answer(proxy, index, 'rejected');
      await Promise.all(sent);
      if ('dlp' in row) await proxy.close();
    }
  });

  test('line breaks that split a request are blocked and asked about never', async () => {
    await start();
    const answer = await tlsExchange(proxy, a, get('/x%0d%0aHost:%20evil', a, `X-Note: ${CANARY}\r\n`));
    expect(denyCode(answer)).toBe('dlp_blocked');
    expect(desk.messages).toBe(0);
  });

  test.each([
    ['body', (values: readonly string[]) => post(values.join('\n'))],
    ['query', (values: readonly string[]) => tlsExchange(proxy, a, get(`/x?q=${values.join('&q=')}`, a))],
  ])('more findings in the %s than a human was shown are shown next', async (_name, send) => {
    const secrets = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `EGRESS_SECRET_${i}`,
        `value-number-${i}-${'abcdefgh'.repeat(3)}`,
      ]),
    );
    const names = Object.fromEntries(Object.keys(secrets).map((slot) => [slot, slot]));
    await start({}, { secrets, config: { env_secrets: names } });
    const sent = send(Object.values(secrets));
    await desk.answer(proxy, 0, 'approved');
    await until(() => desk.asked.length === 2);
    expect(desk.asked[0]).toMatchObject({ more_findings: 4, findings: { length: 16 } });
    expect(desk.asked[1]).toMatchObject({ more_findings: 0, findings: { length: 4 } });
    expect(bodies).toEqual([]);
    await desk.answer(proxy, 1, 'approved');
    expect((await sent).status).toBe(200);
  });

  test('a value in the host name is blocked, because asking would show it', async () => {
    await start({}, {}, {});
    const dlp = { ...supervised, outbound: [...supervised.outbound], inbound: [] };
    proxy.server.setTable({ version: 1, routes: [route('*.wild.test', upstream.port, { dlp })] });
    const host = `${CANARY}.wild.test:${upstream.port}`;
    const answer = await tlsExchange(proxy, host, get('/', host));
    expect(denyCode(answer)).toBe('dlp_blocked');
    expect(answer.body).toContain('host name');
    expect(desk.messages).toBe(0);
  });
});

describe('no approval', () => {
  test('a rejection is told with its reason, made visible and bounded', async () => {
    await start();
    const sent = post(`k=${CANARY}`);
    await desk.answer(proxy, 0, 'rejected', `not\n\u{202e}that ${'x'.repeat(3000)}`);
    const answer = await sent;
    expect(denyCode(answer)).toBe('approval_rejected');
    const { message, retryable } = JSON.parse(answer.body) as { message: string; retryable: boolean };
    expect(message).toContain('not\\n\\u{202e}that');
    expect(message.length).toBeLessThan(700);
    expect(retryable).toBe(false);
    expect(outcomes()).toEqual(['held', 'approval_rejected']);
    expect(bodies).toEqual([]);
  });

  test('after the hold time it is approval_timeout, and a late answer helps the retry', async () => {
    await start({ hold_ms: 150, first_byte_ms: 100 });
    const answer = await post(`k=${CANARY}`);
    expect(denyCode(answer)).toBe('approval_timeout');
    expect(answer.body).toContain('"retryable":true');
    await desk.answer(proxy, 0, 'approved');
    expect((await post(`k=${CANARY}`)).status).toBe(200);
    expect(desk.asked.length).toBe(1);
  });

  test('the idle time does not end a held request', async () => {
    await start({ idle_ms: 150, first_byte_ms: 150 });
    const begun = performance.now();
    const sent = post(`k=${CANARY}`);
    await until(() => performance.now() - begun > 600);
    await desk.answer(proxy, 0, 'approved');
    expect((await sent).status).toBe(200);
  });

  test.each([
    ['too_many_proposals: 5 wait', 'too_many_proposals'],
    ['audit_unavailable: nothing may be asked', 'audit_unavailable'],
    ['the bottle is being stopped', 'shutting_down'],
    ['not a proposal', 'dlp_blocked'],
  ])('a launcher that says %j makes it %s', async (refusal, code) => {
    await start();
    desk.refusal = refusal;
    expect(denyCode(await post(`k=${CANARY}`))).toBe(code);
    expect(bodies).toEqual([]);
  });

  test.each<[string, Partial<ProxyOptions>]>([
    ['answers with rubbish', { propose: async () => ({ id: '../x' }) }],
    ['fails', { propose: () => Promise.reject(new Error('internal secret text')) }],
    ['is not there', { config: { supervise: false } }],
  ])('a launcher that %s blocks it', async (_name, more) => {
    await start({}, more);
    const answer = await post(`k=${CANARY}`);
    expect(denyCode(answer)).toBe('dlp_blocked');
    expect(answer.body).not.toContain('internal');
    expect(bodies).toEqual([]);
  });

  test('a request whose holding cannot be recorded does not wait', async () => {
    await start(
      {},
      {
        audit: async ({ outcome }) => {
          if (outcome === 'held') throw new Error('disk full');
        },
      },
    );
    expect(denyCode(await post(`k=${CANARY}`))).toBe('audit_unavailable');
    await desk.answer(proxy, 0, 'approved');
  });

  test('a route that is withdrawn ends the waiting', async () => {
    await start();
    const sent = post(`k=${CANARY}`);
    await until(() => outcomes().includes('held'));
    proxy.server.setTable({ version: 1, routes: [] });
    expect(denyCode(await sent)).toBe('host_not_allowed');
    await desk.answer(proxy, 0, 'approved');
    expect(bodies).toEqual([]);
  });

  test('a shutdown answers what is held at once', async () => {
    await start();
    const sent = post(`k=${CANARY}`);
    await until(() => outcomes().includes('held'));
    const begun = performance.now();
    await proxy.close();
    expect(denyCode(await sent)).toBe('shutting_down');
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect(desk.answer(proxy, 0, 'approved')).rejects.toMatchObject({ name: 'ProtocolRefusal' });
  });

  test('an agent that leaves ends the waiting, and the answer helps its next request', async () => {
    await start({ held_bytes: 1024 * 1024 });
    const secure = await openTls(proxy, a);
    const body = `k=${CANARY}${'x'.repeat(900_000)}`;
    secure.write(`POST /b HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await until(() => outcomes().includes('held'));
    secure.destroy();
    // the shared memory is free again, or this one could not be held
    const next = post(body);
    await until(() => desk.messages === 1 && outcomes().filter((each) => each === 'held').length === 2);
    await desk.answer(proxy, 0, 'approved');
    expect((await next).status).toBe(200);
    expect(bodies.length).toBe(1);
  });
});

describe('a body over 1 MiB', () => {
  const long = () => Buffer.concat([Buffer.alloc(2 * 1024 * 1024, 'clean text '), Buffer.from(CANARY)]);

  test('is cut, a human is asked, and the retry passes after the approval', async () => {
    await start();
    const answer = await post(long());
    expect(denyCode(answer)).toBe('dlp_blocked');
    expect(answer.body).toContain('retryable');
    expect(answer.body).toContain('a human was asked');
    expect(bodies).toEqual([]);
    expect(outcomes()).toEqual(['allowed', 'dlp_blocked']);
    expect(proxy.events.at(-1)?.details['proposal']).toBe(idOf(0));
    await desk.answer(proxy, 0, 'approved');
    expect((await post(long())).status).toBe(200);
    expect(bodies.at(-1)?.endsWith(CANARY)).toBe(true);
    expect(desk.asked.length).toBe(1);
  });

  test('after a finding in the head is not held either', async () => {
    await start();
    const clean = Buffer.alloc(2 * 1024 * 1024, 'clean text ');
    const answer = await post(clean, `X-Note: ${CANARY}\r\n`);
    expect(denyCode(answer)).toBe('dlp_blocked');
    expect(answer.body).toContain('a human was asked');
    await desk.answer(proxy, 0, 'approved');
    expect((await post(clean, `X-Note: ${CANARY}\r\n`)).status).toBe(200);
    expect(bodies).toEqual([clean.toString()]);
  });

  test('tells when there was nobody to ask', async () => {
    await start();
    desk.refusal = 'too_many_proposals: 5 wait';
    expect(denyCode(await post(long()))).toBe('too_many_proposals');
    expect(bodies).toEqual([]);
  });
});

describe('a credential that the proxy injects', () => {
  test('may leave where a human says so, beside the injected one', async () => {
    await start();
    const sent = post(`k=${SECRET}`);
    await desk.answer(proxy, 0, 'approved');
    const answer = await sent;
    expect(answer.status).toBe(200);
    expect(told(answer)).not.toContain(SECRET);
  });
});
