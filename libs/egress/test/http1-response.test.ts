import fc from 'fast-check';
import { Agent, request } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parseResponseHead } from '@bot-bottle/egress';
import type { ResponseHead } from '@bot-bottle/egress';
import { bytes } from './support/heads.ts';
import { latin1 } from './support/latin1.ts';

function answer(lines: readonly string[], method = 'GET'): ResponseHead {
  const result = parseResponseHead(bytes(...lines), method);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  return result.head;
}

function refused(...lines: string[]): boolean {
  return !parseResponseHead(bytes(...lines), 'GET').ok;
}

describe('the head of an answer', () => {
  it('is taken apart, with case and order of its fields', () => {
    expect(answer(['HTTP/1.1 200 OK', 'X-B:  1 ', 'a: \xe9', 'Content-Length: 3'])).toEqual({
      version: '1.1',
      status: 200,
      reason: 'OK',
      headers: [
        ['X-B', '1'],
        ['a', '\xe9'],
        ['Content-Length', '3'],
      ],
      framing: { kind: 'length', length: 3 },
      keepAlive: true,
      idleSeconds: null,
    });
  });

  it.each(['HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.0 404 Not Found', 'HTTP/1.1 999 \xe9t\xe9'])(
    'may begin with %j',
    (line) => {
      expect(refused(line)).toBe(false);
    },
  );

  it.each([
    'HTTP/1.1  200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 No',
    'HTTP/1.1 +20 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2 200',
    'http/1.1 200 OK',
    'ICY 200 OK',
    'HTTP/1.1 200 O\x00K',
    'HTTP/1.1 200 O\rK',
    '',
  ])('does not begin with %j', (line) => {
    expect(refused(line, 'Content-Length: 0')).toBe(true);
  });

  it.each([
    ['obs-fold', 'X: 1\r\n folded'],
    ['a blank before the colon', 'Content-Length : 1'],
    ['a bare LF', 'X: 1\nContent-Length: 1'],
    ['a bare CR', 'X: 1\rContent-Length: 1'],
    ['a NUL', 'X: \0'],
    ['no name', ': 1'],
    ['no colon', 'Content-Length'],
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 1'],
    ['a list of lengths', 'Content-Length: 1, 1'],
    ['a signed length', 'Content-Length: +1'],
    ['a hexadecimal length', 'Content-Length: 0x1'],
    ['an empty length', 'Content-Length:'],
    ['a length beyond all numbers', 'Content-Length: 99999999999999999999'],
    ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked'],
    ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
    ['another coding before chunks', 'Transfer-Encoding: gzip, chunked'],
    ['another coding', 'Transfer-Encoding: identity'],
    ['more than 256 fields', 'X: 1\r\n'.repeat(257).trimEnd()],
  ])('is refused with %s', (_name, fields) => {
    expect(refused('HTTP/1.1 200 OK', ...fields.split('\r\n'))).toBe(true);
  });

  it('of HTTP/1.0 announces no chunks', () => {
    expect(refused('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked')).toBe(true);
  });

  it('ends with exactly one empty line', () => {
    for (const text of ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\n\r\n\r\n', 'HTTP/1.1 200 OK\n\n', '']) {
      expect(parseResponseHead(Buffer.from(text), 'GET').ok).toBe(false);
    }
  });
});

describe('the body of an answer', () => {
  const chunked = 'Transfer-Encoding: Chunked';

  it.each([
    ['GET', 200, [], 'close'],
    ['GET', 200, [chunked], 'chunked'],
    ['GET', 200, ['Content-Length: 0'], 'length'],
    ['HEAD', 200, ['Content-Length: 5'], 'none'],
    ['HEAD', 200, [chunked], 'none'],
    ['GET', 304, ['Content-Length: 5'], 'none'],
    ['GET', 204, [], 'none'],
    ['GET', 103, [], 'none'],
  ])('to %s with status %i and %j is %s', (method, status, fields, kind) => {
    expect(answer([`HTTP/1.1 ${status} X`, ...fields], method).framing.kind).toBe(kind);
  });
});

describe('the connection after an answer', () => {
  const length = 'Content-Length: 0';

  it.each([
    ['HTTP/1.1 200 OK', [length], true],
    ['HTTP/1.1 200 OK', [length, 'Connection: Keep-Alive'], true],
    ['HTTP/1.1 200 OK', [length, 'Connection: x, CLOSE'], false],
    ['HTTP/1.1 200 OK', [length, 'Connection: x', 'Connection: close'], false],
    ['HTTP/1.1 200 OK', [length, 'Connection: "close"'], false],
    ['HTTP/1.0 200 OK', [length, 'Connection: keep-alive'], false],
    ['HTTP/1.1 200 OK', [], false],
    ['HTTP/1.1 204 No Content', [], true],
    ['HTTP/1.1 204 No Content', [length], true],
    ['HTTP/1.1 204 No Content', ['Content-Length: 3'], false],
    ['HTTP/1.1 204 No Content', ['Transfer-Encoding: chunked'], false],
    ['HTTP/1.1 304 Not Modified', ['Content-Length: 3'], true],
  ])('%s with %j stays open: %s', (line, fields, stays) => {
    expect(answer([line, ...fields]).keepAlive).toBe(stays);
  });

  it.each([
    ['timeout=5, max=100', 5],
    ['max=100;timeout = 7', 7],
    ['xtimeout=5', null],
    ['timeout=-1', null],
    ['max=1', null],
  ])('says with Keep-Alive: %s how long', (value, seconds) => {
    expect(answer(['HTTP/1.1 200 OK', length, `Keep-Alive: ${value}`]).idleSeconds).toBe(seconds);
  });
});

interface Seen {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** What Node's own client makes of an answer that is followed by the end of its connection. */
function reference(wire: Buffer, method: string): Promise<Seen | 'refused'> {
  const [near, far] = duplexPair();
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false });
    agent.createConnection = () => near as Duplex;
    const asked = request({ agent, method, host: 'reference.test', path: '/' });
    asked.on('error', () => resolve('refused'));
    asked.on('upgrade', () => resolve('refused'));
    asked.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => resolve('refused'));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.rawHeaders,
          body: Buffer.concat(parts).toString('latin1'),
        }),
      );
    });
    asked.end();
    far.on('error', () => undefined);
    far.once('data', () => far.end(wire));
    far.resume();
  });
}

describe('beside the parser of Node', () => {
  const body = 'the body';
  const line = fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 404 ', 'HTTP/1.1 500', 'HTTP/1.0 200 OK');
  const field = fc.oneof(
    fc.constantFrom(
      'Content-Length: 8',
      'Content-Length: 4',
      'content-length:8 ',
      'Content-Length : 8',
      'Content-Length: 8,8',
      'Content-Length: 08',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: chunked, chunked',
      'Transfer-Encoding: xchunked',
      'Transfer-Encoding:\x0bchunked',
      ' Content-Length: 8',
      'X: 1\r\n Content-Length: 4',
      'X: 1\nContent-Length: 4',
      'Connection: close',
    ),
    latin1({ maxLength: 12 }).map((value) => `X-Any: ${value}`),
  );

  it('what is accepted is framed alike and has the same fields', async () => {
    const cases = fc.tuple(line, fc.array(field, { maxLength: 4 }), fc.constantFrom('GET', 'HEAD'));
    await fc.assert(
      fc.asyncProperty(cases, async ([first, fields, method]) => {
        const head = [first, ...fields].join('\r\n');
        const raw = Buffer.from(`${head}\r\n\r\n`, 'latin1');
        const result = parseResponseHead(raw, method);
        if (!result.ok || result.head.framing.kind === 'chunked') return;
        const { status, headers, framing } = result.head;
        const expected =
          framing.kind === 'none' ? '' : framing.kind === 'length' ? body.slice(0, framing.length) : body;
        const seen = await reference(Buffer.concat([raw, Buffer.from(expected)]), method);
        expect(seen).toEqual({ status, headers: headers.flat(), body: expected });
      }),
      { numRuns: 150 },
    );
  });
});
