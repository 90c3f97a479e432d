import { describe, expect, test } from 'vitest';
import { MalformedResponse, ResponseParser } from '../src/http/response-parser.ts';
import type { ParsedResponse } from '../src/http/response-parser.ts';

function read(text: string, isHead = false): { answers: ParsedResponse[]; bodies: string[]; whole: boolean } {
  const answers: ParsedResponse[] = [];
  const bodies: string[] = [];
  const parser = new ResponseParser({
    isBodiless: () => isHead,
    head: () => bodies.push(''),
    body: (chunk) => bodies.push(`${bodies.pop() ?? ''}${chunk.toString('latin1')}`),
    end: (answer) => answers.push(answer),
  });
  // byte by byte: where chunks end must not matter
  for (const byte of Buffer.from(text, 'latin1')) parser.push(Buffer.from([byte]));
  return { whole: parser.finish(), answers, bodies };
}

describe('the judge of answers', () => {
  test('reads answers of every framing one after the other', () => {
    const { answers, bodies, whole } = read(
      'HTTP/1.1 100 Continue\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc' +
        'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n' +
        'HTTP/1.1 204 \r\n\r\n' +
        'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end',
    );
    expect(answers.map(({ status }) => status)).toEqual([100, 200, 403, 204, 200]);
    expect(bodies).toEqual(['', 'abc', 'abc0123456789', '', 'to the end']);
    expect(whole).toBe(true);
  });

  test('knows that an answer to HEAD has no body', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', true)).toMatchObject({ whole: true });
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n')).toMatchObject({ whole: false });
  });

  test.each([
    ['no status line', 'hello'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nX: 1\r\n\r\n'],
    ['a NUL', 'HTTP/1.1 200 OK\r\nX: \0\r\n\r\n'],
    ['a fold', 'HTTP/1.1 200 OK\r\nX: 1\r\n y\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
    ['length and chunked', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na'],
    ['a body of a 204', 'HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\na'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['a trailer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n'],
    ['something after the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'],
  ])('refuses %s', (_, text) => {
    const seen = (): boolean => read(text).whole;
    let whole = true;
    try {
      whole = seen();
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedResponse);
      return;
    }
    expect(whole).toBe(false);
  });
});
