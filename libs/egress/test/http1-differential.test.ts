import fc from 'fast-check';
import { METHODS } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { createChunkedDecoder, parseRequestHead } from '@bot-bottle/egress';
import type { RequestHead } from '@bot-bottle/egress';
import { latin1 } from './support/latin1.ts';
import { isLastForNode, NodeReference } from './support/node-reference.ts';
import { knownMethods } from '../src/http1/methods.ts';

const marker = '/marker-of-the-next-request';

function bodyFor(head: RequestHead): { wire: string; body: string } {
  switch (head.framing.kind) {
    case 'none':
      return { wire: '', body: '' };
    case 'length': {
      const body = 'b'.repeat(head.framing.length);
      return { wire: body, body };
    }
    case 'chunked':
      return { wire: '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n', body: 'abcde' };
  }
}

const requestLine = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'GET / HTTP/1.1',
      'POST /x?y=z HTTP/1.1',
      'PUT /a%20b HTTP/1.1',
      'DELETE / HTTP/1.0',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'GET http://a.example/p HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'CONNECT a.example:443 HTTP/1.1',
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...knownMethods),
        fc.stringMatching(/^\/[!-~]{0,12}$/),
        fc.constantFrom('1.0', '1.1'),
      )
      .map(([method, path, version]) => `${method} ${path} HTTP/${version}`),
  },
);
const headerLine = fc.oneof(
  fc.constantFrom(
    'Content-Length: 5',
    'Content-Length: 0',
    'content-length: 05',
    'Content-Length: 5, 5',
    'Content-Length:  3 ',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: CHUNKED',
    'transfer-encoding: identity, chunked',
    'Transfer-Encoding:chunked ',
    'Transfer-Encoding: chunked\t',
    'Transfer-Encoding:\tchunked',
    'Connection: close',
    'Connection: keep-alive',
    'Connection: keep-alive, close',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Expect: 100-continue',
    'Proxy-Connection: keep-alive',
    'Proxy-Connection: x, Close',
    'Proxy-Connection: upgrade',
    'X : y',
    ' folded',
    '\tfolded',
    'Host: a.example',
    'Trailer: T',
  ),
  fc
    .tuple(fc.stringMatching(/^[!-~]{1,8}$/), latin1({ maxLength: 12 }))
    .map(([name, value]) => `${name}: ${value}`),
);
const eol = fc.oneof(
  { weight: 30, arbitrary: fc.constant('\r\n') },
  fc.constantFrom('\n', '\r', '\r\r\n', '\n\r\n', ' \r\n'),
);
const rawHead = fc
  .tuple(requestLine, fc.array(fc.tuple(headerLine, eol), { maxLength: 5 }), fc.boolean())
  .map(([line, lines, host]) => {
    const text = lines.map(([header, end]) => header + end).join('');
    return Buffer.from(`${line}\r\n${host ? 'Host: a.example\r\n' : ''}${text}\r\n`, 'latin1');
  });
const mutated = fc
  .tuple(rawHead, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 2 }))
  .map(([bytes, changes]) => {
    const copy = Buffer.from(bytes);
    for (const [at, byte] of changes) copy[at % copy.length] = byte;
    return copy;
  });

describe('against the parser of Node', () => {
  const reference = new NodeReference();
  afterAll(() => reference.close());

  it('knows no method that Node does not know', () => {
    expect([...knownMethods].filter((method) => !METHODS.includes(method))).toEqual([]);
  });

  it(
    'whatever is accepted, Node accepts with the same request and the same end',
    { timeout: 120_000 },
    async () => {
      let accepted = 0;
      await fc.assert(
        fc.asyncProperty(fc.oneof(rawHead, mutated), async (bytes) => {
          const result = parseRequestHead(bytes);
          if (!result.ok) return;
          accepted += 1;
          const { head } = result;
          const { wire, body } = bodyFor(head);
          // Node refuses bytes after a request that ends the connection, so none are sent there.
          const isLast = isLastForNode(head);
          const next = isLast ? '' : `GET ${marker} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
          const [first, second] = await reference.read(
            Buffer.concat([bytes, Buffer.from(wire + next, 'latin1')]),
          );
          expect(first).toMatchObject({ method: head.method, url: head.target, version: head.version, body });
          if (first === undefined || first === 'refused') return;
          expect(first.headers).toEqual(head.headers.flat());
          if (!isLast && head.method !== 'CONNECT' && head.upgrade === null) {
            expect(second).toMatchObject({ url: marker });
          }
        }),
        { numRuns: 10_000 },
      );
      expect(accepted).toBeGreaterThan(300);
    },
  );

  it('whatever chunked body is accepted, Node reads the same from it', { timeout: 120_000 }, async () => {
    const line = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.constantFrom(
          '3\r\nabc\r\n',
          '2;x=y\r\nde\r\n',
          '01\r\nz\r\n',
          'A;q="a b"\r\n0123456789\r\n',
        ),
      },
      fc.constantFrom(
        '3\nabc\r\n',
        '3 \r\nabc\r\n',
        '3;\r\nabc\r\n',
        '3\r\nabcd\r\n',
        '+3\r\nabc\r\n',
        '3;x=\r\nabc\r\n',
        '\r\n',
      ),
      latin1({ maxLength: 6 }),
    );
    const end = fc.constantFrom(
      '0\r\n\r\n',
      '00\r\nT: 1\r\n\r\n',
      '0;x\r\n\r\n',
      '0\n\n',
      '0\r\n',
      '0\r\nT 1\r\n\r\n',
      '',
    );
    const text = 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n';
    const next = `GET ${marker} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), end, async (lines, last) => {
        const wire = Buffer.from(lines.join('') + last, 'latin1');
        const step = createChunkedDecoder().push(Buffer.concat([wire, Buffer.from(next)]));
        if (!step.ok || !step.done || step.consumed !== wire.length) return;
        accepted += 1;
        const body = Buffer.concat([...step.data]).toString('latin1');
        const [first, second] = await reference.read(
          Buffer.concat([Buffer.from(text), wire, Buffer.from(next)]),
        );
        expect(first).toMatchObject({ body });
        expect(second).toMatchObject({ url: marker });
      }),
      { numRuns: 4000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });
});
