import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  denyCode,
  dial,
  get,
  HOST,
  openTls,
  rawExchange,
  route,
  startProxy,
  startUpstream,
  tlsExchange,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let a: string;
const paths: string[] = [];

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.end('reached'));
  });
  a = `${HOST}:${upstream.port}`;
  proxy = await startProxy({ routes: [route(HOST, upstream.port, { path_allowlist: ['/ok'] })] });
});

afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

const malformed: ReadonlyArray<readonly [string, () => string]> = [
  [
    'Content-Length and Transfer-Encoding',
    () =>
      `POST /ok HTTP/1.1\r\nHost: ${a}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'two Content-Lengths',
    () => `POST /ok HTTP/1.1\r\nHost: ${a}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  ],
  ['a signed Content-Length', () => `POST /ok HTTP/1.1\r\nHost: ${a}\r\nContent-Length: +1\r\n\r\na`],
  [
    'an unknown transfer coding',
    () => `POST /ok HTTP/1.1\r\nHost: ${a}\r\nTransfer-Encoding: xchunked\r\n\r\n`,
  ],
  [
    'chunked twice',
    () => `POST /ok HTTP/1.1\r\nHost: ${a}\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['obs-fold', () => `GET /ok HTTP/1.1\r\nHost: ${a}\r\nX: 1\r\n folded\r\n\r\n`],
  ['a bare LF', () => `GET /ok HTTP/1.1\r\nHost: ${a}\nX: 1\r\n\r\n`],
  ['a bare CR', () => `GET /ok HTTP/1.1\r\nHost: ${a}\r\nX: 1\r2\r\n\r\n`],
  ['a NUL', () => `GET /ok HTTP/1.1\r\nHost: ${a}\r\nX: 1\0\r\n\r\n`],
  ['a blank before the colon', () => `GET /ok HTTP/1.1\r\nHost: ${a}\r\nContent-Length : 0\r\n\r\n`],
  ['a leading CRLF', () => `\r\nGET /ok HTTP/1.1\r\nHost: ${a}\r\n\r\n`],
  ['two Hosts', () => `GET /ok HTTP/1.1\r\nHost: ${a}\r\nHost: other.test\r\n\r\n`],
  ['user info', () => `GET https://u:p@${a}/ok HTTP/1.1\r\nHost: ${a}\r\n\r\n`],
  ['HTTP/2 with prior knowledge', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
];

describe('requests that two parsers could read differently', () => {
  test.each(malformed)('%s is refused', async (_name, bytes) => {
    const before = paths.length;
    const answer = await tlsExchange(proxy, a, bytes());
    expect(denyCode(answer)).toBe('malformed_request');
    expect(answer.status).toBe(400);
    expect(paths.length).toBe(before);
  });

  test.each(['TRACE', 'TRACK', 'CONNECT'])('%s inside a tunnel is 405', async (method) => {
    const target = method === 'CONNECT' ? a : '/ok';
    const answer = await tlsExchange(proxy, a, `${method} ${target} HTTP/1.1\r\nHost: ${a}\r\n\r\n`);
    expect(answer.status).toBe(405);
  });

  test('an h2c upgrade is refused', async () => {
    const headers = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    expect(denyCode(await tlsExchange(proxy, a, get('/ok', a, headers)))).toBe('upgrade_not_allowed');
  });

  test('ALPN never offers h2', async () => {
    const secure = await openTls(proxy, a, { alpn: ['h2', 'http/1.1'] });
    expect(secure.alpnProtocol).toBe('http/1.1');
    secure.destroy();
  });

  test('an absolute target that disagrees with Host is refused', async () => {
    const answer = await rawExchange(proxy, get(`http://${HOST}/ok`, 'other.test'));
    expect(denyCode(answer)).toBe('malformed_request');
  });

  test('malformed chunks are refused and never reach the upstream', async () => {
    const before = paths.length;
    const answer = await tlsExchange(
      proxy,
      a,
      `POST /ok HTTP/1.1\r\nHost: ${a}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`,
    );
    expect(denyCode(answer)).toBe('malformed_request');
    expect(paths.length).toBe(before);
  });
});

describe('a body never becomes a request', () => {
  test('the body of a denied request is not parsed', async () => {
    const before = paths.length;
    const inner = get('/ok/smuggled', a);
    const secure = await openTls(proxy, a);
    secure.write(`POST /no HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`);
    let text = '';
    secure.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => secure.once('end', resolve));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403']);
    expect(paths.length).toBe(before);
    secure.destroy();
  });

  test('what follows a denied request on the same connection is not answered', async () => {
    const before = paths.length;
    const secure = await openTls(proxy, a);
    secure.write(get('/no', a) + get('/ok/second', a));
    let text = '';
    secure.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => secure.once('end', resolve));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403']);
    expect(paths.length).toBe(before);
    secure.destroy();
  });

  test('a body that looks like a request arrives as a body', async () => {
    const before = paths.length;
    const inner = get('/ok/inner', a);
    const answer = await tlsExchange(
      proxy,
      a,
      `POST /ok/outer HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );
    expect(answer.body).toBe('reached');
    expect(paths.slice(before)).toEqual(['POST /ok/outer']);
  });
});

describe('paths', () => {
  const refused = [
    '/ok/../no',
    '/ok/%2e%2e/no',
    '/ok/%2E./no',
    '/okay',
    '/ok%2f..%2fno',
    '/ok/%5c..%5cno',
    '/ok/%252e%252e/no',
    '//no',
    '/ok/..;/no',
    '/ok/%00',
  ];
  test.each(refused)('%s is not a way out of /ok', async (path) => {
    const before = paths.length;
    expect(denyCode(await tlsExchange(proxy, a, get(path, a)))).toBe('path_not_allowed');
    expect(paths.length).toBe(before);
  });

  test('the normalised path is what is sent', async () => {
    await tlsExchange(proxy, a, get('/ok/./x/../%61//b?q=%2e', a));
    expect(paths.at(-1)).toBe('GET /ok/a/b?q=%2e');
  });

  test('a push over HTTPS is refused under any spelling', async () => {
    for (const path of [
      '/ok/info/refs?service=git-receive-pack',
      '/ok/git%2Dreceive-pack',
      '/ok/info/refs?service=git%2dReceive-pack',
    ]) {
      expect(denyCode(await tlsExchange(proxy, a, get(path, a)))).toBe('git_push_over_https');
    }
  });
});

describe('a body that its receiver may not read', () => {
  test.each(['GET', 'DELETE', 'OPTIONS'])(
    'a %s with a body asks the upstream to close after it',
    async (method) => {
      const connections: string[] = [];
      const closing = await startUpstream((request, response) => {
        connections.push(String(request.headers.connection));
        request.resume().on('end', () => response.end('ok'));
      });
      const b = `${HOST}:${closing.port}`;
      const other = await startProxy({ routes: [route(HOST, closing.port)] });
      await tlsExchange(other, b, `${method} / HTTP/1.1\r\nHost: ${b}\r\nContent-Length: 2\r\n\r\nab`);
      await tlsExchange(other, b, `${method} / HTTP/1.1\r\nHost: ${b}\r\n\r\n`);
      expect(connections).toEqual(['close', 'keep-alive']);
      await other.close();
      await closing.close();
    },
  );

  test('the body of a request that egress answers itself is not the next request', async () => {
    const inner = get('http://_egress.local/health', '_egress.local');
    const socket = await dial(proxy);
    socket.write(
      `GET http://_egress.local/health HTTP/1.1\r\nHost: _egress.local\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => socket.once('end', resolve));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    socket.destroy();
  });
});
