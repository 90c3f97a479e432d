import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bearer,
  get,
  HOST,
  openTls,
  rawExchange,
  readAnswer,
  route,
  SECRET,
  startProxy,
  startUpstream,
  tlsExchange,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

interface Seen {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

let upstream: Upstream;
let proxy: Proxy;
let authority: string;
const seen: Seen[] = [];

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      switch (request.url ?? '') {
        case '/204':
          response.writeHead(204).end();
          break;
        case '/304':
          response.writeHead(304, { ETag: '"x"' }).end();
          break;
        case '/close':
          response.shouldKeepAlive = false;
          response.removeHeader('transfer-encoding');
          response.useChunkedEncodingByDefault = false;
          response.writeHead(200);
          response.write('until ');
          response.end('the end');
          break;
        case '/chunks':
          response.writeHead(200, { 'Alt-Svc': 'h3=":443"', Trailer: 'X-T', 'Proxy-Thing': 'x' });
          response.write('one ');
          response.addTrailers({ 'X-T': '1' });
          response.end('two');
          break;
        default:
          response.setHeader('X-Path', request.url ?? '');
          response.end(`hello ${body}`);
      }
    });
  });
  authority = `${HOST}:${upstream.port}`;
  proxy = await startProxy({ routes: [route(HOST, upstream.port, { auth: bearer })] });
});

afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

const last = () => seen.at(-1);

describe('forwarding', () => {
  test('injects the credential and drops the agent’s own', async () => {
    const own =
      'Authorization: Bearer mine\r\nX-Api-Key: mine\r\nCookie: a=b\r\nProxy-Authorization: Basic eA==\r\n';
    const answer = await tlsExchange(proxy, authority, get('/a?token=mine&b=1', authority, own));
    expect(answer.status).toBe(200);
    expect(last()?.headers['authorization']).toBe(`Bearer ${SECRET}`);
    expect(JSON.stringify(last())).not.toContain('mine');
    expect(last()?.url).toBe('/a?b=1');
  });

  test('removes hop-by-hop headers and those that Connection names', async () => {
    const extra = 'Connection: X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\nX-Kept: yes\r\n';
    await tlsExchange(proxy, authority, get('/', authority, extra));
    expect(last()?.headers['x-hop']).toBeUndefined();
    expect(last()?.headers['te']).toBeUndefined();
    expect(last()?.headers['x-kept']).toBe('yes');
  });

  test('serves several requests on one connection', async () => {
    const secure = await openTls(proxy, authority);
    for (const path of ['/1', '/2', '/3']) {
      secure.write(get(path, authority));
      expect((await readAnswer(secure)).headers['x-path']).toBe(path);
    }
    secure.destroy();
  });

  test('sends a body of known length and a chunked one', async () => {
    const fixed = await tlsExchange(
      proxy,
      authority,
      `POST /b HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: 3\r\n\r\nabc`,
    );
    expect(fixed.body).toBe('hello abc');
    const chunked = await tlsExchange(
      proxy,
      authority,
      `POST /b HTTP/1.1\r\nHost: ${authority}\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n`,
    );
    expect(chunked.body).toBe('hello abc');
    expect(last()?.headers['content-length']).toBe('3');
    expect(last()?.headers['t']).toBeUndefined();
  });

  test('answers Expect: 100-continue itself', async () => {
    const secure = await openTls(proxy, authority);
    secure.write(
      `PUT /e HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect((await readAnswer(secure)).status).toBe(100);
    secure.write('ok');
    expect((await readAnswer(secure)).body).toBe('hello ok');
    expect(last()?.headers['expect']).toBeUndefined();
    secure.destroy();
  });

  test('keeps HEAD, 204 and 304 without a body and the connection usable', async () => {
    const secure = await openTls(proxy, authority);
    secure.write(`HEAD /h HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    await new Promise((resolve) => secure.once('data', resolve));
    for (const path of ['/204', '/304']) {
      secure.write(get(path, authority));
      const answer = await readAnswer(secure);
      expect(`/${answer.status}`).toBe(path);
      expect(answer.body).toBe('');
      expect(answer.headers['transfer-encoding']).toBeUndefined();
    }
    secure.write(get('/after', authority));
    expect((await readAnswer(secure)).headers['x-path']).toBe('/after');
    secure.destroy();
  });

  test('frames a body that the upstream ends by closing', async () => {
    const answer = await tlsExchange(proxy, authority, get('/close', authority));
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    expect(answer.body).toBe('until the end');
  });

  test('drops trailers, Alt-Svc and Proxy headers of the answer', async () => {
    const answer = await tlsExchange(proxy, authority, get('/chunks', authority));
    expect(answer.body).toBe('one two');
    expect(answer.headers['alt-svc']).toBeUndefined();
    expect(answer.headers['trailer']).toBeUndefined();
    expect(answer.headers['proxy-thing']).toBeUndefined();
    expect(answer.raw).not.toContain('X-T');
  });

  test('closes after HTTP/1.0', async () => {
    const answer = await tlsExchange(proxy, authority, `GET /10 HTTP/1.0\r\nHost: ${authority}\r\n\r\n`);
    expect(answer.headers['connection']).toBe('close');
  });

  test('pipelined requests are answered in order', async () => {
    const secure = await openTls(proxy, authority);
    secure.write(get('/p1', authority) + get('/p2', authority));
    let text = '';
    secure.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise<void>((resolve) => {
      secure.on('data', () => {
        if (text.includes('/p2')) resolve();
      });
    });
    expect(text.indexOf('/p1')).toBeLessThan(text.indexOf('/p2'));
    secure.destroy();
  });
});

describe('local answers', () => {
  test('/health in origin form gives the digest', async () => {
    const answer = await rawExchange(proxy, 'GET /health HTTP/1.1\r\nHost: egress:9099\r\n\r\n');
    expect(JSON.parse(answer.body)).toEqual({ ok: true, digest: proxy.server.digest });
  });

  test('the allowlist has neither slots nor addresses', async () => {
    const answer = await rawExchange(proxy, get('http://_egress.local/allowlist', '_egress.local'));
    expect(answer.status).toBe(200);
    expect(answer.body).toContain(HOST);
    expect(answer.body).not.toMatch(/EGRESS_TOKEN|127\.0\.0\.1|live-/);
  });

  test('nothing else is answered in origin form', async () => {
    const answer = await rawExchange(proxy, 'GET / HTTP/1.1\r\nHost: egress:9099\r\n\r\n');
    expect(answer.status).toBe(400);
  });
});
