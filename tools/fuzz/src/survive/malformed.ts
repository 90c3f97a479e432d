import fc from 'fast-check';
import { HOST, SEED_PORT } from '../targets/network/front-scene.ts';

const target = `http://${HOST}:${SEED_PORT}/ok`;
const host = `Host: ${HOST}:${SEED_PORT}`;

/** Request lines and fields of which each alone makes a request malformed, with what the answer must be. */
const defects: ReadonlyArray<readonly [line: string, fields: string, status: number]> = [
  [`GET ${target} HTTP/1.1`, `${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n`, 400],
  [`POST ${target} HTTP/1.1`, `${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n`, 400],
  [`POST ${target} HTTP/1.1`, `${host}\r\nContent-Length: +1\r\n`, 400],
  [`POST ${target} HTTP/1.1`, `${host}\r\nTransfer-Encoding: gzip, chunked\r\n`, 400],
  [`POST ${target} HTTP/1.0`, `${host}\r\nTransfer-Encoding: chunked\r\n`, 400],
  [`GET ${target} HTTP/1.1`, `${host}\r\n folded\r\n`, 400],
  [`GET ${target} HTTP/1.1`, `${host}\r\nX : y\r\n`, 400],
  [`GET ${target} HTTP/1.1`, `${host}\r\nX: \0\r\n`, 400],
  [`GET ${target} HTTP/1.1`, `${host}\nX: y\r\n`, 400],
  [`GET ${target} HTTP/1.1`, `${host}\r\nX: a\rb\r\n`, 400],
  [`GET ${target} HTTP/1.1`, `${host}\r\n${host}\r\n`, 400],
  [`GET ${target} HTTP/1.1`, 'Host: other.test\r\n', 400],
  [`GET ${target} HTTP/1.1`, '', 400],
  [`GET ${target} HTTP/2.0`, `${host}\r\n`, 400],
  [`GET  ${target} HTTP/1.1`, `${host}\r\n`, 400],
  [`GET ${target}`, `${host}\r\n`, 400],
  [`get ${target} HTTP/1.1`, `${host}\r\n`, 400],
  [`GETX ${target} HTTP/1.1`, `${host}\r\n`, 400],
  [`GET http://u:p@${HOST}:${SEED_PORT}/ok HTTP/1.1`, `${host}\r\n`, 400],
  [`GET http://${HOST}:99999/ok HTTP/1.1`, `${host}\r\n`, 400],
  [`\r\nGET ${target} HTTP/1.1`, `${host}\r\n`, 400],
  [`TRACE ${target} HTTP/1.1`, `${host}\r\n`, 405],
  [`GET ${target} HTTP/1.1`, `${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n`, 403],
];

export interface MalformedRequest {
  readonly bytes: Buffer;
  readonly status: number;
}

const harmless = fc
  .tuple(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/), fc.stringMatching(/^[!-~]{0,40}$/))
  .map(([name, value]) => `X-${name}: ${value}\r\n`);

/** A malformed request among fields that are right, before and after the defect. */
export const malformedRequest: fc.Arbitrary<MalformedRequest> = fc
  .tuple(
    fc.constantFrom(...defects),
    fc.array(harmless, { maxLength: 3 }),
    fc.stringMatching(/^[a-z0-9]{0,20}$/),
  )
  .map(([[line, fields, status], more, query]) => ({
    status,
    bytes: Buffer.from(
      // a fold is one only right behind another field
      `${line.replace('/ok', `/ok?${query}`)}\r\n${fields}${more.join('')}\r\n`,
      'latin1',
    ),
  }));
