import { brotliCompressSync, constants, createZstdCompress, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, get, HOST, route, SECRET, startProxy, startUpstream, tlsExchange } from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let a: string;
let redirected = 0;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    const sent = request.headers.authorization ?? '';
    const body = `before ${sent} after ${Buffer.from(sent).toString('base64')} end`;
    switch (request.url ?? '') {
      case '/header':
        response.setHeader('X-Echo', sent);
        response.setHeader('X-Echo-64', Buffer.from(SECRET).toString('base64'));
        response.end('x');
        break;
      case '/reason':
        response.writeHead(200, SECRET).end('x');
        break;
      case '/bytes': {
        response.writeHead(200);
        let at = 0;
        const step = () => {
          if (at >= body.length) return void response.end();
          response.write(body.slice(at, (at += 1)), step);
        };
        step();
        break;
      }
      case '/gzip':
        response.setHeader('Content-Encoding', 'gzip');
        response.end(gzipSync(body));
        break;
      case '/br':
        response.setHeader('Content-Encoding', 'br');
        response.end(brotliCompressSync(body));
        break;
      case '/deflate':
        response.setHeader('Content-Encoding', 'deflate');
        response.end(deflateSync(body));
        break;
      case '/wide': {
        response.setHeader('Content-Encoding', 'zstd');
        // without its length told first, the frame asks for the whole window
        const wide = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
        wide.pipe(response);
        wide.write(body, () => wide.flush(constants.ZSTD_e_flush, () => wide.end()));
        break;
      }
      case '/unknown':
        response.setHeader('Content-Encoding', 'rot13');
        response.end(body);
        break;
      case '/error':
        response.writeHead(500).end(body);
        break;
      case '/redirect':
        response.writeHead(302, { Location: `https://${a}/target?leak=${SECRET}` }).end();
        break;
      case '/target':
        redirected += 1;
        response.end();
        break;
      default:
        response.end(body);
    }
  });
  a = `${HOST}:${upstream.port}`;
  proxy = await startProxy({ routes: [route(HOST, upstream.port, { auth: bearer })] });
});

afterAll(async () => {
  await proxy.close();
  await upstream.close();
});

const forms = [
  SECRET,
  Buffer.from(SECRET).toString('base64').slice(0, -4),
  Buffer.from(`Bearer ${SECRET}`).toString('base64').slice(0, -4),
];

describe('an echo of the credential', () => {
  test.each(['/plain', '/header', '/reason', '/bytes', '/gzip', '/br', '/deflate', '/error', '/redirect'])(
    '%s is overwritten with the same length',
    async (path) => {
      const answer = await tlsExchange(proxy, a, get(path, a, 'Accept-Encoding: gzip, br\r\n'));
      for (const form of forms) expect(answer.raw).not.toContain(form);
      if (path !== '/reason' && path !== '/redirect') expect(answer.raw).toContain('*'.repeat(SECRET.length));
    },
  );

  test('decoded bodies are sent without a coding and complete', async () => {
    const answer = await tlsExchange(proxy, a, get('/gzip', a));
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.body).toMatch(/^before Bearer \*+ after \S+ end$/);
  });

  test('a body that cannot be decoded is refused', async () => {
    const answer = await tlsExchange(proxy, a, get('/unknown', a));
    expect(answer.status).toBe(502);
    expect(answer.headers['x-bot-bottle-deny']).toBe('upstream_invalid');
  });

  test('a body that asks for 128 MiB to decode is refused', async () => {
    const answer = await tlsExchange(proxy, a, get('/wide', a)).catch(() => null);
    expect(answer?.body ?? '').not.toContain('before');
  });

  test('redirects are passed on, never followed', async () => {
    const answer = await tlsExchange(proxy, a, get('/redirect', a));
    expect(answer.status).toBe(302);
    expect(redirected).toBe(0);
  });
});
