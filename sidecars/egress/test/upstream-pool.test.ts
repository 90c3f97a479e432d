import fc from 'fast-check';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Duplex, duplexPair, Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { Sweeper } from '../src/limits/sweeper.ts';
import { requestText } from '../src/upstream/request-text.ts';
import type { UpstreamRequest } from '../src/upstream/upstream-exchange.ts';
import { UpstreamError } from '../src/upstream/upstream-error.ts';
import { UpstreamPool } from '../src/upstream/upstream-pool.ts';
import { listenLocal, until } from './harness.ts';

const sweeper = new Sweeper(20);
afterAll(() => sweeper.stop());
const closing: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const plain: UpstreamRequest = {
  method: 'GET',
  target: '/',
  headers: [['Host', 'up.test']],
  body: null,
  length: null,
  closes: false,
  upgrade: null,
};

interface Outcome {
  readonly status: number;
  readonly body: string;
  /** how it ended: with `end`, or as what it failed */
  readonly end: string;
}

function ask(pool: UpstreamPool, request: Partial<UpstreamRequest> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    let status = 0;
    let body = '';
    pool.dispatch(
      { ...plain, ...request },
      {
        connected: () => true,
        head: (head) => (status = head.status),
        data: (chunk) => {
          body += chunk.toString('latin1');
          return true;
        },
        end: () => resolve({ status, body, end: 'end' }),
        failed: (error) => resolve({ status, body, end: error.denial }),
        upgraded: (head) => resolve({ status: head.status, body, end: 'upgraded' }),
      },
    );
  });
}

function poolOf(open: () => Promise<Duplex>, idleMs = 5_000): UpstreamPool {
  const pool = new UpstreamPool({ idleMs, headBytes: 65_536, sweeper, open });
  closing.push(() => pool.destroy());
  return pool;
}

/** A pool over real TCP connections, and its server's ends of them. */
async function overTcp(
  onRequest: (socket: Socket) => void,
): Promise<{ pool: UpstreamPool; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).on('data', () => onRequest(socket));
  });
  const port = await listenLocal(server);
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const open = () =>
    new Promise<Duplex>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    });
  return { pool: poolOf(open), sockets };
}

const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const chunked = (body: string) =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${Array.from(body, (c) => `1;x\r\n${c}\r\n`).join('')}0\r\nContent-Length: 9\r\n\r\n`;

/** Both ends of one TCP connection. */
async function tcpPair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  const port = await listenLocal(server);
  const far = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const near = connect({ port, host: '127.0.0.1' });
  const pair = { near, far: await far };
  closing.push(() => {
    near.destroy();
    pair.far.destroy();
    server.close();
  });
  return pair;
}

describe('a connection that is kept', () => {
  test('carries the next request', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('one')));
    for (let i = 0; i < 3; i += 1) expect((await ask(pool)).body).toBe('one');
    expect(sockets.length).toBe(1);
  });

  test('does not give an answer that nobody asked for to the next request', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('asked for')));
    await ask(pool);
    sockets[0]?.write(ok('poison'));
    await until(() => sockets[0]?.destroyed === true);
    expect((await ask(pool)).body).toBe('asked for');
    expect(sockets.length).toBe(2);
  });

  test('not even one that arrived with what made the request, and was not read yet', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('asked for')));
    await ask(pool);
    const trigger = await tcpPair();
    const asked = new Promise<Outcome>((resolve) => trigger.near.once('data', () => resolve(ask(pool))));
    // both are there when the event loop looks, and the trigger is read first
    trigger.far.write('go');
    sockets[0]?.write(ok('poison'));
    expect((await asked).body).toBe('asked for');
    expect(sockets.length).toBe(2);
  });

  test.each([
    ['an answer with another one behind it', ok('asked for') + ok('poison')],
    ['an answer with a line break behind it', `${ok('asked for')}\r\n`],
    ['204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\n'],
    ['304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison'],
    ['chunks with more behind them', `${chunked('asked for')}HTTP/1.1 200 OK\r\n`],
    ['a server that is about to close', ok('x').replace('\r\n\r\n', '\r\nKeep-Alive: timeout=1\r\n\r\n')],
    ['a server that says it closes', ok('x').replace('\r\n\r\n', '\r\nConnection: foo, Close\r\n\r\n')],
    ['HTTP/1.0', ok('x').replace('1.1', '1.0')],
  ])('is not kept after %s', async (_name, answer) => {
    let answers = 0;
    const { pool, sockets } = await overTcp((socket) =>
      socket.write((answers += 1) === 1 ? answer : ok('next')),
    );
    expect((await ask(pool)).end).toBe('end');
    expect((await ask(pool)).body).toBe('next');
    expect(sockets.length).toBe(2);
  });

  test('is not kept when the answer comes before the request was sent', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('early')));
    const body = new Readable({ read: () => undefined });
    body.on('error', () => undefined).push('first');
    expect(await ask(pool, { method: 'POST', body, length: 100 })).toMatchObject({
      body: 'early',
      end: 'end',
    });
    await ask(pool);
    expect(sockets.length).toBe(2);
  });

  test.each([
    ['is kept when the answer is there before the system says that the request is sent', true, 1],
    ['is not kept when it never says so', false, 2],
  ])('%s', async (_name, isSent, connections) => {
    let opened = 0;
    const pool = poolOf(async () => {
      opened += 1;
      const socket: Duplex = new Duplex({
        read: () => undefined,
        write: (_chunk, _encoding, done) => {
          socket.push(ok('near'));
          if (isSent) setImmediate(done);
        },
      });
      return socket;
    });
    for (let i = 0; i < 2; i += 1) {
      const turn = new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect((await ask(pool)).body).toBe('near');
      await turn;
    }
    expect(opened).toBe(connections);
  });

  test('that the server closed meanwhile is not used', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('one')));
    await ask(pool);
    sockets[0]?.end();
    await until(() => sockets[0]?.destroyed === true);
    expect((await ask(pool)).end).toBe('end');
    expect(sockets.length).toBe(2);
  });

  test('that closes instead of answering: the request is not sent again', async () => {
    let requests = 0;
    const { pool } = await overTcp((socket) => {
      requests += 1;
      if (requests === 1) socket.write(ok('one'));
      else socket.destroy();
    });
    await ask(pool);
    expect((await ask(pool, { method: 'POST' })).end).toBe('upstream_unreachable');
    expect(requests).toBe(2);
  });

  test('is closed when it was not used for long enough', async () => {
    const answer = ok('one').replace('\r\n\r\n', '\r\nKeep-Alive: timeout=2\r\n\r\n');
    const { pool, sockets } = await overTcp((socket) => socket.write(answer));
    await ask(pool);
    await until(() => sockets[0]?.destroyed === true);
    expect((await ask(pool)).end).toBe('end');
    expect(sockets.length).toBe(2);
  });

  test('is not used after its time, although a busy process has not closed it yet', async () => {
    const lazy = new Sweeper(60_000);
    closing.push(() => lazy.stop());
    const sockets: Socket[] = [];
    const pool = new UpstreamPool({
      idleMs: 5_000,
      headBytes: 65_536,
      sweeper: lazy,
      open: async () => {
        const { near, far } = await tcpPair();
        sockets.push(far);
        far.on('data', () =>
          far.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n'),
        );
        return near;
      },
    });
    closing.push(() => pool.destroy());
    await ask(pool);
    await ask(pool);
    expect(sockets.length).toBe(1);
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 1_500);
    closing.push(() => clock.mockRestore());
    expect((await ask(pool)).status).toBe(200);
    expect(sockets.length).toBe(2);
  });

  test('ends with its pool, and so does a request under way', async () => {
    let requests = 0;
    const { pool, sockets } = await overTcp((socket) => {
      requests += 1;
      if (requests === 1) socket.write(ok('one'));
    });
    await ask(pool);
    const waiting = ask(pool);
    await until(() => requests === 2);
    pool.destroy();
    expect((await waiting).end).toBe('upstream_unreachable');
    await until(() => sockets.every((socket) => socket.destroyed));
  });
});

describe('an answer', () => {
  /** Answers one request with bytes in memory, cut where `cuts` say, and ends the connection if asked to. */
  async function over(
    wire: string,
    cuts: readonly number[],
    ends: boolean,
    method = 'GET',
  ): Promise<Outcome> {
    const [near, far] = duplexPair();
    far.on('error', () => undefined).resume();
    const pool = poolOf(async () => near, 1_000);
    const outcome = ask(pool, { method });
    const bytes = Buffer.from(wire, 'latin1');
    const edges = [...new Set([...cuts.map((cut) => cut % bytes.length), bytes.length])].toSorted(
      (a, b) => a - b,
    );
    let from = 0;
    for (const to of edges) {
      far.write(bytes.subarray(from, to));
      from = to;
    }
    if (ends) far.end();
    const result = await outcome;
    pool.destroy();
    return result;
  }

  test('is the same however its bytes arrive', async () => {
    const body = fc.string({ unit: 'binary-ascii', maxLength: 60 });
    const early = fc.constantFrom(
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n',
    );
    const framed = fc.oneof(
      body.map((text) => ({ text, wire: ok(text), ends: false })),
      body.map((text) => ({ text, wire: chunked(text), ends: false })),
      body.map((text) => ({ text, wire: `HTTP/1.1 200 OK\r\n\r\n${text}`, ends: true })),
    );
    const cuts = fc.array(fc.nat(200), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(early, framed, cuts, async (before, { text, wire, ends }, at) => {
        expect(await over(before + wire, at, ends)).toEqual({ status: 200, body: text, end: 'end' });
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['a body cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'],
    ['chunks cut short', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n'],
    [
      'chunks cut short on a connection that closes',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
    ],
    [
      'chunks without their last line',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n0\r\n',
    ],
    [
      'a chunk longer than its size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nshort\r\n0\r\n\r\n',
    ],
    ['a signed chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nshort\r\n0\r\n\r\n'],
    ['chunks that end lines with LF', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nshort\n0\n\n'],
  ])('with %s is not passed off as whole', async (_name, wire) => {
    const { status, end } = await over(wire, [], true);
    expect({ status, end }).toEqual({ status: 200, end: 'upstream_invalid' });
  });

  test.each([
    ['a head cut short', 'HTTP/1.1 200 OK\r\nContent-Le', 'upstream_unreachable'],
    ['nothing but an early one', 'HTTP/1.1 100 Continue\r\n\r\n', 'upstream_unreachable'],
    ['nine early ones', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(9) + ok(''), 'upstream_invalid'],
    ['a switch that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'upstream_invalid'],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(65_536)}`, 'upstream_invalid'],
    ['a head over the limit', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(65_536)}\r\n\r\n`, 'upstream_invalid'],
  ])('that is %s fails', async (_name, wire, end) => {
    expect(await over(wire, [], true)).toEqual({ status: 0, body: '', end });
  });

  test('that is reset where its connection frames it is not passed off as whole', async () => {
    const { pool } = await overTcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nthe begin', () => socket.resetAndDestroy());
    });
    expect((await ask(pool)).end).toBe('upstream_unreachable');
  });

  test('to a streamed request that has not begun is none', async () => {
    const [near, far] = duplexPair();
    const pool = poolOf(async () => near);
    const body = new Readable({ read: () => undefined });
    const outcome = ask(pool, { method: 'POST', body, length: 5 });
    far.write(ok('early'));
    expect((await outcome).end).toBe('upstream_invalid');
  });
});

describe('a request', () => {
  /** All that a server gets of a request. */
  async function sent(request: Partial<UpstreamRequest>, answer = ok('')): Promise<string> {
    const [near, far] = duplexPair();
    let text = '';
    far.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    const pool = poolOf(async () => near);
    const outcome = ask(pool, request);
    const { body } = request;
    if (body instanceof Readable) await new Promise((resolve) => body.once('close', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    far.write(answer);
    await outcome;
    return text;
  }

  test('is sent with its host first and its body framed', async () => {
    expect(
      await sent({
        headers: [
          ['X', '1'],
          ['Host', 'h'],
        ],
      }),
    ).toBe('GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nX: 1\r\n\r\n');
    expect(await sent({ method: 'POST' })).toContain('Content-Length: 0\r\n');
    expect(await sent({ method: 'POST', body: Buffer.from('ab'), length: 2 })).toMatch(
      /Content-Length: 2\r\n\r\nab$/,
    );
    expect(await sent({ closes: true })).toContain('Connection: close\r\n');
    expect(await sent({ upgrade: 'websocket' })).toContain('Connection: Upgrade\r\nUpgrade: websocket\r\n');
  });

  test('with a streamed body is sent in its framing', async () => {
    const stream = () => Readable.from([Buffer.from('one'), Buffer.from('two!')], { objectMode: false });
    expect(await sent({ method: 'PUT', body: stream(), length: 7 })).toMatch(
      /Content-Length: 7\r\n\r\nonetwo!$/,
    );
    expect(await sent({ method: 'PUT', body: stream(), length: null })).toMatch(
      /Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n4\r\ntwo!\r\n0\r\n\r\n$/,
    );
  });

  test.each([
    ['shorter', ['ab'], 5],
    ['longer', ['abc', 'def'], 5],
  ])('with a body that is %s than announced is cut', async (_name, parts, length) => {
    const [near, far] = duplexPair();
    let text = '';
    far.on('error', () => undefined).on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    const body = Readable.from(
      parts.map((part) => Buffer.from(part)),
      { objectMode: false },
    );
    const outcome = await ask(
      poolOf(async () => near),
      { method: 'POST', body, length },
    );
    expect(outcome.end).toBe('upstream_unreachable');
    expect(near.destroyed).toBe(true);
    expect(text).not.toContain('abcdef');
  });

  test('that a source gives up is cut and not completed', async () => {
    const [near, far] = duplexPair();
    far.on('error', () => undefined).resume();
    const body = new Readable({ read: () => undefined });
    body.on('error', () => undefined).push('ab');
    const outcome = ask(
      poolOf(async () => near),
      { method: 'POST', body, length: null },
    );
    setImmediate(() => body.destroy());
    expect((await outcome).end).toBe('upstream_unreachable');
    expect(near.destroyed).toBe(true);
  });

  test.each<Partial<UpstreamRequest>>([
    { target: '/ HTTP/1.1\r\nX: y' },
    { target: '/a b' },
    { target: '/\0' },
    { method: 'GET /' },
    { headers: [['X', 'a\r\nY: b']] },
    { headers: [['X', 'a\nY: b']] },
    { headers: [['X\r\nY', 'b']] },
    { headers: [['X:', 'b']] },
    { headers: [['', 'b']] },
    { headers: [['X', 'ſ']] },
  ])('%j is not written down', (request) => {
    expect(() => requestText({ ...plain, ...request })).toThrow(UpstreamError);
  });

  test('that is not wanted any more costs no connection', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('one')));
    await ask(pool);
    pool.dispatch(plain, {
      connected: () => false,
      head: () => undefined,
      data: () => true,
      end: () => undefined,
      failed: () => undefined,
      upgraded: () => undefined,
    });
    expect((await ask(pool)).body).toBe('one');
    expect(sockets.length).toBe(1);
  });

  test('that ended cannot end the one after it', async () => {
    const { pool, sockets } = await overTcp((socket) => socket.write(ok('one')));
    let abort = (): void => undefined;
    await new Promise<void>((resolve) => {
      pool.dispatch(plain, {
        connected: (given) => {
          abort = given;
          return true;
        },
        head: () => undefined,
        data: () => true,
        end: resolve,
        failed: () => undefined,
        upgraded: () => undefined,
      });
    });
    const next = ask(pool);
    await new Promise((resolve) => setImmediate(resolve));
    abort();
    expect(await next).toMatchObject({ body: 'one', end: 'end' });
    expect(sockets.length).toBe(1);
  });

  test('is given up when no answer comes', async () => {
    const [near, far] = duplexPair();
    far.resume();
    expect((await ask(poolOf(async () => near, 50))).end).toBe('upstream_timeout');
    expect(near.destroyed).toBe(true);
  });
});
