import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer, denyCode, get, route, startProxy, startUpstream, tlsExchange } from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

const SECRET = createHash('sha256').update('made up').digest('base64url').slice(0, 36);
const HOSTS = ['a.test', 'b.test'];
const upstreams = new Map<string, Upstream>();
const seen: string[] = [];

beforeAll(async () => {
  for (const host of HOSTS) {
    const upstream = await startUpstream(
      (request, response) => {
        seen.push(request.url ?? '');
        request.resume().on('end', () => response.end('ok'));
      },
      [host],
    );
    upstreams.set(host, upstream);
  }
});
afterAll(async () => {
  for (const upstream of upstreams.values()) await upstream.close();
});

const portOf = (host: string): number => upstreams.get(host)?.port ?? 0;
const at = (host: string): string => `${host}:${portOf(host)}`;

async function proxyTo(onMatch: 'block' | 'redact'): Promise<Proxy> {
  const dlp = { outbound: ['known_secrets' as const, 'canary' as const], inbound: [], on_match: onMatch };
  return startProxy({
    routes: HOSTS.map((host) => route(host, portOf(host), { auth: bearer, dlp })),
    secrets: { EGRESS_TOKEN_0: SECRET },
  });
}

test('a secret in pieces over requests to several hosts is stopped before most of it has left', async () => {
  const proxy = await proxyTo('block');
  const size = Math.ceil(SECRET.length / 4);
  const codes: string[] = [];
  for (let i = 0; i < 4; i++) {
    const host = at(HOSTS[i % 2] ?? '');
    const piece = SECRET.slice(i * size, (i + 1) * size);
    const head = get('/', host, i % 3 === 0 ? `X-Note: ${piece}\r\n` : '');
    const asked = i % 3 === 0 ? head : get(`/p/${piece}`, host);
    codes.push(denyCode(await tlsExchange(proxy, host, asked)));
  }
  expect(codes.slice(0, 2)).toEqual(['none (200)', 'none (200)']);
  expect(codes).toContain('dlp_blocked');
  const told = JSON.stringify(proxy.events.filter((event) => event.outcome === 'denied'));
  expect(told).toContain('known_secrets/EGRESS_TOKEN_0');
  // the pieces that left before tell nothing of the one that did not
  const last = SECRET.slice(codes.indexOf('dlp_blocked') * size).slice(0, 8);
  expect(told).not.toContain(last);
  expect(seen.join(' ')).not.toContain(last);
  await proxy.close();
});

test('most of a secret in one request is overwritten on a row that overwrites', async () => {
  const proxy = await proxyTo('redact');
  const host = at('a.test');
  const most = SECRET.slice(0, 26);
  const answer = await tlsExchange(proxy, host, get(`/redacted/${most}`, host));
  expect(answer.status).toBe(200);
  expect(seen.at(-1)).toBe(`/redacted/${'*'.repeat(most.length)}`);
  await proxy.close();
});

test('a part that any text may hold passes as often as it comes', async () => {
  const proxy = await proxyTo('block');
  const host = at('b.test');
  for (let i = 0; i < 3; i++) {
    const answer = await tlsExchange(proxy, host, get(`/docs/${SECRET.slice(0, 12)}/${i}`, host));
    expect(answer.status).toBe(200);
  }
  await proxy.close();
});
