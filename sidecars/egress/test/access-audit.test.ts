import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { mintAuthority } from '@bot-bottle/egress';
import { createEgressServer } from '@bot-bottle/sidecar-egress';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CANARY,
  connectTunnel,
  denyCode,
  get,
  HOST,
  openTls,
  rawExchange,
  route,
  startProxy,
  startUpstream,
  temporaryFolder,
  tlsExchange,
  until,
} from './harness.ts';
import type { Upstream } from './harness.ts';

let upstream: Upstream;
let a: string;
let reached = 0;

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => {
    reached += 1;
    response.end('ok');
  });
  a = `${HOST}:${upstream.port}`;
});
afterAll(() => upstream.close());

const basic = (pair: string) => `Proxy-Authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`;

describe('who may use it', () => {
  test('with a token set, only who has it; others get 407 and an event', async () => {
    const proxy = await startProxy({
      routes: [route(HOST, upstream.port)],
      secrets: { EGRESS_ACCESS_TOKEN: 'access-token-0123456789' },
    });
    for (const headers of [
      '',
      basic('bottle:wrong'),
      basic('access-token-0123456789:'),
      'Proxy-Authorization: Bearer access-token-0123456789\r\n',
    ]) {
      const { socket, answer } = await connectTunnel(proxy, a, headers);
      expect(answer.status).toBe(407);
      expect(answer.reason).toBe('access_denied');
      expect(answer.headers['proxy-authenticate']).toContain('Basic');
      socket.destroy();
    }
    expect((await rawExchange(proxy, get(`http://${HOST}/`, HOST))).status).toBe(407);
    expect(proxy.events.every((event) => event.code === 'access_denied')).toBe(true);
    const { socket, answer } = await connectTunnel(proxy, a, basic('bottle:access-token-0123456789'));
    expect(answer.status).toBe(200);
    socket.destroy();
    expect((await rawExchange(proxy, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')).status).toBe(200);
    await proxy.close();
  });

  test('a unix socket is made with mode 0600 and replaces a stale one', async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'egress.sock');
    const ca = await mintAuthority({ bottle: 'x', days: 1 });
    const make = () =>
      createEgressServer({
        config: {
          bottle: 'x',
          listen: `unix:${path}`,
          table: { version: 1, routes: [] },
          ca: { cert: ca.cert },
          extra_ca: null,
          upstream_proxy: null,
          hosts: {},
          supervise: false,
          budget: { request_bytes: null, total_bytes: null },
          dlp_allow: [],
          env_secrets: {},
          log: 0,
        },
        secrets: { EGRESS_CA_KEY: ca.key },
        audit: async () => undefined,
        log: () => undefined,
      });
    const server = make();
    expect(await server.listen()).toEqual([`unix:${path}`]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const status = await new Promise((resolve, reject) => {
      request({ createConnection: () => connect(path), path: '/health' }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    await server.close();
    await folder.remove();
  });

  test.each(['0.0.0.0:0', '[::]:0', '*:9099', 'unix:relative', ':9099'])(
    '%s is refused as an address to listen on',
    (listen) => {
      return expect(startProxy({ routes: [], config: { listen } })).rejects.toThrow(/listen/);
    },
  );

  test('the configured listener is the only one', async () => {
    const proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    const before = listeners();
    await tlsExchange(proxy, a, get('/', a));
    await tlsExchange(proxy, 'undeclared.test:443', get('/', 'undeclared.test'));
    expect(listeners()).toEqual(before);
    await proxy.close();
    expect(listeners().length).toBe(before.length - 1);
  });
});

/** Ports that this process listens on, from its own descriptors. */
function listeners(): string[] {
  const inodes = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['/proc/self/net/tcp', '/proc/self/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
    .map((fields) => fields[1] ?? '')
    .toSorted();
}

describe('audit', () => {
  test('every request is one event, without its query', async () => {
    const proxy = await startProxy({ routes: [route(HOST, upstream.port)] });
    await tlsExchange(proxy, a, get('/p?q=secretish', a));
    expect(proxy.events).toEqual([
      {
        layer: 'egress',
        action: 'request',
        outcome: 'allowed',
        code: null,
        target: `GET https://${a}/p`,
        rule: `manifest:${HOST}`,
        details: {},
      },
    ]);
    await proxy.close();
  });

  test('nothing passes while events cannot be written', async () => {
    const proxy = await startProxy({
      routes: [route(HOST, upstream.port)],
      audit: () => Promise.reject(new Error('disk full at /secret/path')),
    });
    const before = reached;
    const answer = await tlsExchange(proxy, a, get('/', a));
    expect(answer.status).toBe(503);
    expect(denyCode(answer)).toBe('audit_unavailable');
    expect(answer.body).not.toContain('disk full');
    expect(reached).toBe(before);
    await proxy.close();
  });

  test('a recorder that throws in place of rejecting lets nothing pass and ends nothing', async () => {
    const proxy = await startProxy({
      routes: [route(HOST, upstream.port)],
      audit: () => {
        throw new Error('disk full at /secret/path');
      },
    });
    const before = reached;
    // a denial is recorded too, and is given all the same
    expect(denyCode(await tlsExchange(proxy, a, get('/', 'other.test')))).toBe('misdirected');
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('audit_unavailable');
    expect(reached).toBe(before);
    await proxy.close();
  });

  test('a recorder that never answers is no hang', async () => {
    const proxy = await startProxy({
      routes: [route(HOST, upstream.port)],
      audit: () => new Promise(() => undefined),
      config: { limits: { idle_ms: 300 } },
    });
    expect(denyCode(await tlsExchange(proxy, a, get('/', a)))).toBe('audit_unavailable');
    await proxy.close();
  });

  test('nothing passes before the event is acknowledged', async () => {
    const gate = Promise.withResolvers<undefined>();
    const proxy = await startProxy({ routes: [route(HOST, upstream.port)], audit: () => gate.promise });
    const before = reached;
    const answered = tlsExchange(proxy, a, get('/', a));
    await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 100))]);
    expect(reached).toBe(before);
    gate.resolve(undefined);
    expect((await answered).status).toBe(200);
    await proxy.close();
  });

  test('a secret in the path of an undeclared host is masked in event, log and denial', async () => {
    const proxy = await startProxy({ routes: [] });
    const answer = await tlsExchange(proxy, 'undeclared.test:443', get(`/${CANARY}`, 'undeclared.test'));
    expect(answer.raw + JSON.stringify(proxy.events) + JSON.stringify(proxy.logs)).not.toContain(CANARY);
    expect(proxy.events[0]?.target).toBe('GET https://undeclared.test/[masked]');
    await proxy.close();
  });

  test('a denied tunnel that says nothing is an event too', async () => {
    const proxy = await startProxy({ routes: [] });
    const { socket } = await connectTunnel(proxy, 'undeclared.test:443');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end();
    await closed;
    expect(proxy.events).toMatchObject([
      { action: 'connect', code: 'host_not_allowed', target: 'CONNECT undeclared.test:443' },
    ]);
    await proxy.close();
  });

  test('a denied tunnel that asks nothing after its handshake is an event too', async () => {
    const proxy = await startProxy({ routes: [] });
    const secure = await openTls(proxy, 'undeclared.test:443');
    secure.write('GET / HT');
    await new Promise((resolve) => setTimeout(resolve, 100));
    secure.destroy();
    await until(() => proxy.events.length > 0);
    expect(proxy.events).toMatchObject([
      { action: 'connect', code: 'host_not_allowed', target: 'CONNECT undeclared.test:443' },
    ]);
    await proxy.close();
  });

  test('a secret in the host of a tunnel is masked, whatever is said in it', async () => {
    const proxy = await startProxy({ routes: [] });
    const authority = `${CANARY}.undeclared.test:443`;
    const answer = await tlsExchange(proxy, authority, 'nonsense\r\n\r\n');
    const { socket } = await connectTunnel(proxy, authority);
    socket.end();
    await until(() => proxy.events.length > 1);
    expect(answer.raw + JSON.stringify(proxy.events) + JSON.stringify(proxy.logs)).not.toContain(CANARY);
    expect(proxy.events.map((event) => event.target)).toContain('CONNECT [masked]:443');
    await proxy.close();
  });

  test('draining refuses what is new and lets what is in flight end', async () => {
    const gate = Promise.withResolvers<undefined>();
    const slow = await startUpstream((_request, response) => {
      response.write('first ');
      void gate.promise.then(() => response.end('last'));
    });
    const b = `${HOST}:${slow.port}`;
    const proxy = await startProxy({ routes: [route(HOST, slow.port)] });
    const answered = tlsExchange(proxy, b, get('/', b));
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (proxy.events.length === 0) return;
        clearInterval(look);
        resolve();
      }, 5);
    });
    const closed = proxy.close();
    gate.resolve(undefined);
    expect((await answered).body).toBe('first last');
    await closed;
    await slow.close();
  });
});
