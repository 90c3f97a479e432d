import { afterAll, beforeAll, expect, test } from 'vitest';
import { attacksOf } from '../../../libs/dlp/test/support/corpus/attacks.ts';
import { benignRequests } from '../../../libs/dlp/test/support/corpus/benign.ts';
import { encodings } from '../../../libs/dlp/test/support/corpus/encodings.ts';
import type { CorpusRequest } from '../../../libs/dlp/test/support/corpus/requests.ts';
import { canariesOf, knownSecretsOf } from '../../../libs/dlp/test/support/corpus/secrets.ts';
import { surfacesOf } from '../../../libs/dlp/test/support/corpus/surfaces.ts';
import { denyCode, route, startProxy, startUpstream, tlsExchange } from './harness.ts';
import type { Answer, Proxy, Upstream } from './harness.ts';

// A sample of the corpora of @bot-bottle/dlp through the real server; the mass is scanned by that package's own tests.
const HOST = 'api.example.test';
const secrets = knownSecretsOf('sidecar');
const canaries = canariesOf('sidecar');
let upstream: Upstream;
let arrived = 0;
let proxy: Proxy;

beforeAll(async () => {
  upstream = await startUpstream(
    (request, response) => {
      arrived++;
      request.resume().on('end', () => response.end('ok'));
    },
    [HOST],
  );
  const dlp = {
    outbound: ['known_secrets' as const, 'token_patterns' as const, 'canary' as const, 'crlf' as const],
    inbound: [],
    on_match: 'block' as const,
  };
  const names = secrets.map(({ name }, index) => [`EGRESS_SECRET_${index}`, name] as const);
  proxy = await startProxy({
    // what is in a name must be found before anybody asks where the name leads
    routes: [route(HOST, upstream.port, { dlp }), route('*.example.test', upstream.port, { dlp })],
    config: { env_secrets: Object.fromEntries(names) },
    secrets: {
      EGRESS_CANARY: canaries[0]?.value ?? '',
      ...Object.fromEntries(secrets.map(({ value }, index) => [`EGRESS_SECRET_${index}`, value])),
    },
  });
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

function send(request: CorpusRequest): Promise<Answer> {
  const { head, body, method } = request;
  const authority = `${head.host}:${upstream.port}`;
  const target = head.query === null ? head.path : `${head.path}?${head.query}`;
  const fields = [
    ['Host', authority],
    ...head.headers,
    ...(body === null ? [] : [['Content-Length', `${body.length}`]]),
  ];
  const text = `${method} ${target} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return tlsExchange(proxy, authority, Buffer.concat([Buffer.from(text, 'latin1'), body ?? Buffer.alloc(0)]));
}

test('no secret of the sample arrives, whatever it is written as and wherever it stands', async () => {
  // cookies do not leave anyway, and the second canary is none of this bottle's
  const surfaces = surfacesOf.filter(({ name }) => name !== 'cookie');
  const sample = [...attacksOf([...secrets, ...canaries.slice(0, 1)], encodings, surfaces, 173)];
  expect(sample.length).toBeGreaterThan(80);
  const seen = new Set<string>();
  const passed: string[] = [];
  for (const attack of sample) {
    const before = arrived;
    const code = denyCode(await send(attack));
    seen.add(attack.surface);
    if (arrived > before || !['dlp_blocked', 'malformed_request', 'undecodable_body'].includes(code))
      passed.push(`${attack.name}: ${code}`);
    else expect(code, attack.name).toBe('dlp_blocked');
  }
  expect(passed).toEqual([]);
  expect(seen.size).toBeGreaterThan(20);
  const told = JSON.stringify([proxy.events, proxy.logs]);
  for (const { value } of secrets) expect(told).not.toContain(value);
}, 120_000);

test('every harmless request of the sample arrives', async () => {
  const before = arrived;
  const refused: string[] = [];
  let count = 0;
  for (const request of benignRequests('sidecar', 42)) {
    count++;
    const answer = await send(request);
    if (answer.status !== 200) refused.push(`${request.name}: ${denyCode(answer)}`);
  }
  expect(refused).toEqual([]);
  expect(arrived - before).toBe(count);
}, 120_000);
