import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { denyCode, HOST, route, startProxy, startUpstream, tlsExchange, until } from './harness.ts';
import type { Answer, Proxy, Upstream } from './harness.ts';
import { HoldDesk } from './hold-desk.ts';

const ENV = 'Wq3-tK9.zLm2+Yx8/Rb5_Vn7~Hc4=Jd6%Gs1';

let upstream: Upstream;
let a: string;
let proxy: Proxy;
let desk: HoldDesk;
const bodies: string[] = [];

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('latin1'));
      response.end('ok');
    });
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());
afterEach(() => proxy.close());

async function start(): Promise<void> {
  bodies.length = 0;
  desk = new HoldDesk();
  const dlp = {
    outbound: ['known_secrets' as const, 'canary' as const, 'token_patterns' as const],
    inbound: [],
    on_match: 'supervise' as const,
  };
  proxy = await startProxy({
    routes: [route(HOST, upstream.port, { dlp })],
    secrets: { EGRESS_SECRET_0: ENV },
    propose: desk.propose,
    config: { env_secrets: { EGRESS_SECRET_0: 'DB_PASSWORD' } },
  });
}

function post(body: Buffer | string): Promise<Answer> {
  const bytes = Buffer.from(body);
  const head = `POST /b HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return tlsExchange(proxy, a, Buffer.concat([Buffer.from(head), bytes]));
}

const key = (): string =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

test('the private key that a human let pass is the only one that leaves', async () => {
  await start();
  const [test, real] = [key(), key()];
  const first = post(test);
  await desk.answer(proxy, 0, 'approved', 'a key of the test suite');
  expect((await first).status).toBe(200);
  expect((await post(test)).status).toBe(200);
  const second = post(real);
  await desk.answer(proxy, 1, 'rejected');
  expect(denyCode(await second)).toBe('approval_rejected');
  expect(bodies).toEqual([test, test]);
});

test.each([
  ['as it is', (text: string) => text],
  ['in hex', (text: string) => Buffer.from(text).toString('hex')],
  ['in base64 twice', (text: string) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64')],
  ['in pieces', (text: string) => Array.from(text).join(' ')],
  ['backwards', (text: string) => Array.from(text).reverse().join('')],
  ['as character codes', (text: string) => Array.from(text, (char) => char.charCodeAt(0)).join(',')],
])('what a human is shown of a request holds no other secret, %s', async (_, write) => {
  await start();
  const written = write(ENV);
  const pem = key();
  const sent = post(`${written} "${pem}" ${written}`);
  await until(() => desk.asked.length === 1);
  const shown = desk.asked[0]?.findings.map(({ masked }) => masked).join('\n') ?? '';
  for (let at = 0; at + 9 <= written.length; at += 1) expect(shown).not.toContain(written.slice(at, at + 9));
  await desk.answer(proxy, 0, 'rejected');
  await sent;
});

test('nor does what is shown of a body that is cut on its way', async () => {
  await start();
  const pem = key();
  for (const missing of [8, 12, 16, 20, 24, 30]) {
    // the start of another secret stands at the end of what was scanned together
    const edge = 3 * 384 * 1024;
    const secretStart = edge - (ENV.length - missing);
    const filler = 'x y '.repeat(edge / 4).slice(0, secretStart - pem.length - 1);
    const sent = post(`${filler}${pem} ${ENV}${' tail'.repeat(200_000)}`);
    await until(() => desk.asked.length > 0);
    const shown = desk.asked.flatMap(({ findings }) => findings.map(({ masked }) => masked)).join('\n');
    for (let at = 0; at + 9 <= ENV.length; at += 1) expect(shown).not.toContain(ENV.slice(at, at + 9));
    await sent;
    await desk.answer(proxy, 0, 'rejected');
    await proxy.close();
    await start();
  }
});
