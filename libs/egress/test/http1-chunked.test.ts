import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChunkedDecoder } from '@bot-bottle/egress';
import { latin1 } from './support/latin1.ts';

interface Outcome {
  readonly body: string;
  readonly done: boolean;
  readonly rest: string;
  readonly refused: boolean;
}

function decode(wire: string, cuts: readonly number[] = []): Outcome {
  const decoder = createChunkedDecoder();
  const bytes = Buffer.from(wire, 'latin1');
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  let body = '';
  for (const [i, start] of edges.entries()) {
    const part = bytes.subarray(start, edges[i + 1] ?? start);
    if (part.length === 0) continue;
    const step = decoder.push(part);
    if (!step.ok) return { body, done: false, rest: '', refused: true };
    body += Buffer.concat([...step.data]).toString('latin1');
    if (step.done)
      return { body, done: true, rest: bytes.toString('latin1', start + step.consumed), refused: false };
  }
  return { body, done: false, rest: '', refused: false };
}

describe('the chunked decoder', () => {
  it('drops extensions and trailers and says where the body ends', () => {
    const wire = '4;a=b;c="d e"\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Trailer: v\r\n\r\nGET /';
    expect(decode(wire)).toEqual({ body: 'Wikipedia', done: true, rest: 'GET /', refused: false });
  });

  it('is indifferent to how the bytes arrive', () => {
    const chunk = fc.tuple(latin1({ minLength: 1, maxLength: 40 }), fc.constantFrom('', ';x', ';x=1'));
    fc.assert(
      fc.property(
        fc.array(chunk),
        fc.array(fc.nat(2000)),
        fc.constantFrom('', 'T: 1\r\n'),
        (chunks, cuts, trailer) => {
          const wire = chunks
            .map(([data, ext]) => `${data.length.toString(16)}${ext}\r\n${data}\r\n`)
            .join('');
          const body = chunks.map(([data]) => data).join('');
          expect(decode(`${wire}0\r\n${trailer}\r\nNEXT`, cuts)).toMatchObject({ body, done: true });
        },
      ),
    );
  });

  it.each([
    '5\nhello\r\n',
    '5\r\nhelloX\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '4\r\nhello\r\n',
    ' 5\r\nhello\r\n',
    '5 \r\nhello\r\n',
    '5 ;x\r\nhello\r\n',
    '+5\r\nhello\r\n',
    '-5\r\nhello\r\n',
    '0x5\r\nhello\r\n',
    '5h\r\nhello\r\n',
    '\r\nhello\r\n',
    ';x\r\nhello\r\n',
    '5;\r\nhello\r\n',
    '5;x=\r\nhello\r\n',
    '5;x="\n"\r\nhello\r\n',
    '5;x\n\r\nhello\r\n',
    '5\r\r\nhello\r\n',
    'fffffffffffff\r\n',
    `${'0'.repeat(20)}\r\n\r\n`,
    '0\r\nbad trailer\r\n\r\n',
    '0\r\n folded: x\r\n\r\n',
    '0\r\nX: \0\r\n\r\n',
    '0\r\nX: y\nZ: w\r\n\r\n',
    '0\r\n\n',
    `5;${'x'.repeat(5000)}`,
  ])('refuses %j', (wire) => {
    expect(decode(wire).refused).toBe(true);
  });

  it.each([
    ['extensions', `1;${'x'.repeat(3000)}\r\na\r\n`.repeat(40)],
    ['trailers', `0\r\n${`X: ${'y'.repeat(3000)}\r\n`.repeat(10)}`],
  ])('refuses endless %s', (_, wire) => {
    expect(decode(wire).refused).toBe(true);
  });

  it('takes nothing after the end of the body', () => {
    const decoder = createChunkedDecoder();
    decoder.push(Buffer.from('0\r\n\r\n'));
    expect(decoder.push(Buffer.from('0\r\n\r\n')).ok).toBe(false);
  });
});
