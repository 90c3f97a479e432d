import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findHeadEnd, parseRequestHead } from '@bot-bottle/egress';
import { head, parse, refusal } from './support/heads.ts';

const host = 'Host: a.example';

describe('an accepted head', () => {
  it('keeps the case and order of headers and trims blanks', () => {
    const { headers } = head('GET /x HTTP/1.1', host, 'X-One: \t1 ', 'x-TWO:2');
    expect(headers).toEqual([
      ['Host', 'a.example'],
      ['X-One', '1'],
      ['x-TWO', '2'],
    ]);
  });

  it('keeps bytes above ASCII in values as they are', () => {
    expect(head('GET / HTTP/1.1', host, 'X: \xe9\xff').headers[1]).toEqual(['X', '\xe9\xff']);
  });

  it.each([
    ['GET / HTTP/1.1', 'origin', '/'],
    ['GET http://a.example HTTP/1.1', 'absolute', '/'],
    ['GET http://a.example?q=1 HTTP/1.1', 'absolute', '/?q=1'],
    ['GET HTTP://A.example:80/p HTTP/1.1', 'absolute', '/p'],
    ['CONNECT a.example:443 HTTP/1.1', 'authority', ''],
    ['OPTIONS * HTTP/1.1', 'asterisk', '*'],
  ])('reads the target of %s', (line, form, path) => {
    expect(head(line, host)).toMatchObject({ form, path, host: 'a.example' });
  });

  it.each([
    [['Content-Length: 12'], { kind: 'length', length: 12 }],
    [['Content-Length: 0'], { kind: 'length', length: 0 }],
    [['Transfer-Encoding: Chunked'], { kind: 'chunked' }],
    [[], { kind: 'none' }],
  ])('frames the body by %j', (lines, framing) => {
    expect(head('POST / HTTP/1.1', host, ...lines).framing).toEqual(framing);
  });

  it('reads the options of every Connection header', () => {
    const parsed = head('GET / HTTP/1.1', host, 'Connection: X-A, ,close', 'connection: x-b');
    expect(parsed.connectionTokens).toEqual(['x-a', 'close', 'x-b']);
    expect(parsed.keepAlive).toBe(false);
  });

  it.each([
    ['GET / HTTP/1.1', true],
    ['GET / HTTP/1.0', false],
  ])('keeps the connection of %s alive: %s', (line, keepAlive) => {
    expect(head(line, host, 'Connection: keep-alive').keepAlive).toBe(keepAlive);
  });

  it('lets Python open a tunnel with HTTP/1.0 and no Host', () => {
    expect(head('CONNECT a.example:443 HTTP/1.0')).toMatchObject({ host: 'a.example', port: 443 });
  });

  it('takes the target of a CONNECT, whatever its Host says', () => {
    const parsed = head('CONNECT a.example:443 HTTP/1.1', 'Host: egress:9099');
    expect(parsed).toMatchObject({ host: 'a.example', port: 443 });
  });

  it('lets the Host of a CONNECT leave out the port', () => {
    expect(head('CONNECT a.example:8443 HTTP/1.1', host).port).toBe(8443);
  });

  it('expects a 100-continue only with a body in HTTP/1.1', () => {
    expect(head('PUT / HTTP/1.1', host, 'Content-Length: 1', 'Expect: 100-Continue').expectContinue).toBe(
      true,
    );
    expect(head('GET / HTTP/1.1', host, 'Expect: 100-continue').expectContinue).toBe(false);
    expect(head('PUT / HTTP/1.0', host, 'Content-Length: 1', 'Expect: 100-continue').expectContinue).toBe(
      false,
    );
  });
});

describe('smuggling', () => {
  it.each([
    [['Content-Length: 5', 'Transfer-Encoding: chunked']],
    [['Transfer-Encoding: chunked', 'Content-Length: 5']],
    [['Content-Length: 5', 'Content-Length: 5']],
    [['Content-Length: 5', 'content-length: 6']],
    [['Content-Length: 5, 5']],
    [['Content-Length: +5']],
    [['Content-Length: -1']],
    [['Content-Length: 0x5']],
    [['Content-Length: 5 5']],
    [['Content-Length: 5.0']],
    [['Content-Length: 1e3']],
    [['Content-Length:']],
    [['Content-Length: 99999999999999999999']],
    [['Transfer-Encoding: identity']],
    [['Transfer-Encoding: gzip, chunked']],
    [['Transfer-Encoding: chunked, chunked']],
    [['Transfer-Encoding: xchunked']],
    [['Transfer-Encoding: chunked;q=1']],
    [['Transfer-Encoding:']],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
    [['Transfer-Encoding\t: chunked']],
    [['Transfer-Encoding : chunked']],
    [[' Transfer-Encoding: chunked']],
    [['X: y\r\n Transfer-Encoding: chunked']],
    [['X: y\nTransfer-Encoding: chunked']],
    [['X: y\rTransfer-Encoding: chunked']],
    [['X: y\0']],
    [['X: \x7f']],
    [['X: \x0b']],
    [['Transfer-Encoding: \x0bchunked']],
    [['Transfer-Encoding: chunked\t']],
    [['Transfer-Encoding: chunked \t ', 'X: y']],
    [['X: y', 'transfer-encoding:\tchunked']],
    [['Content-Length: 5\t']],
    [['Content-Length:\t5']],
    [[': empty']],
    [['no-colon']],
    [['X(: y']],
    [['X\xa0: y']],
    [['']],
  ])('refuses %j', (lines) => {
    expect(refusal('POST / HTTP/1.1', host, ...lines)).toBe('malformed_request');
  });

  it('refuses chunked in HTTP/1.0', () => {
    expect(refusal('POST / HTTP/1.0', host, 'Transfer-Encoding: chunked')).toBe('malformed_request');
  });

  it.each([
    'GET  / HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET / x HTTP/1.1',
    'GET / HTTP/1.2',
    'GET / HTTP/2.0',
    'GET / http/1.1',
    'GET / HTTP/01.1',
    'GET /',
    'get / HTTP/1.1',
    'GETX / HTTP/1.1',
    'G ET / HTTP/1.1',
    'PRI * HTTP/2.0',
    '\r\nGET / HTTP/1.1',
    '\nGET / HTTP/1.1',
    '\0GET / HTTP/1.1',
    'GET /\0 HTTP/1.1',
    'GET /\x80 HTTP/1.1',
    'GET /#f HTTP/1.1',
    'GET x HTTP/1.1',
    'GET * HTTP/1.1',
    'GET  HTTP/1.1',
    'GET a.example:443 HTTP/1.1',
    'GET ftp://a.example/ HTTP/1.1',
    'GET //a.example\n/ HTTP/1.1',
    'GET http://user@a.example/ HTTP/1.1',
    'GET http://user:pass@a.example/ HTTP/1.1',
    'GET http:///x HTTP/1.1',
    'GET http:/a.example/ HTTP/1.1',
    'GET http://a.example\\@b.example/ HTTP/1.1',
    'GET http://b.example/ HTTP/1.1',
    'GET http://a.example:8080/ HTTP/1.1',
    'GET https://a.example:80/ HTTP/1.1',
    'CONNECT a.example HTTP/1.1',
    'CONNECT /a.example:443 HTTP/1.1',
    'CONNECT user@a.example:443 HTTP/1.1',
    'CONNECT a.example:443/ HTTP/1.1',
    'CONNECT http://a.example:443 HTTP/1.1',
    'CONNECT 2130706433:443 HTTP/1.1',
    'CONNECT 0x7f.1:443 HTTP/1.1',
    'CONNECT ::1:443 HTTP/1.1',
  ])('refuses the request line %j', (line) => {
    expect(refusal(line, host)).toBe('malformed_request');
  });

  it.each([
    [[]],
    [['Host:']],
    [['Host: a.example', 'Host: a.example']],
    [['Host: a.example', 'host: b.example']],
    [['Host: a.example, b.example']],
    [['Host: a.example b.example']],
    [['Host: user@a.example']],
    [['Host: a.example:']],
    [['Host: a.example:99999']],
    [['Host: a.example/x']],
    [['Host: a\0.example']],
    [['Host: http://a.example']],
    [['Host: 0x7f.1']],
    [['Host: \xe4.example']],
  ])('refuses %j as hosts', (lines) => {
    expect(refusal('GET / HTTP/1.1', ...lines)).toBe('malformed_request');
  });

  it('refuses a CONNECT with a body and one in HTTP/1.1 without Host', () => {
    expect(refusal('CONNECT a.example:443 HTTP/1.1', host, 'Content-Length: 3')).toBe('malformed_request');
    expect(refusal('CONNECT a.example:443 HTTP/1.1')).toBe('malformed_request');
  });

  it('refuses bytes after the empty line, so that no second request hides in a head', () => {
    const two = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(parseRequestHead(two).ok).toBe(false);
  });

  it('refuses more than 256 headers', () => {
    const many = Array.from({ length: 256 }, (_, i) => `X-${i}: 1`);
    expect(refusal('GET / HTTP/1.1', host, ...many)).toBe('malformed_request');
  });

  it.each(['Expect: 200-ok', 'Expect:'])('refuses %s', (line) => {
    expect(refusal('POST / HTTP/1.1', host, line)).toBe('malformed_request');
  });

  it('refuses a Connection option that is no token', () => {
    expect(refusal('GET / HTTP/1.1', host, 'Connection: close; x')).toBe('malformed_request');
  });

  it('says why without repeating the request', () => {
    const result = parse('GET / HTTP/1.1', host, 'Authorization : secret-value');
    expect(JSON.stringify(result)).not.toContain('secret-value');
  });
});

describe('reflecting methods', () => {
  it.each(['TRACE', 'TRACK', 'trace', 'Track'])('refuses %s as a method', (method) => {
    expect(refusal(`${method} / HTTP/1.1`, host)).toBe('method_refused');
  });
});

describe('upgrades', () => {
  const handshake = [
    'Connection: keep-alive, Upgrade',
    'Upgrade: WebSocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ];

  it('recognises a WebSocket handshake', () => {
    expect(head('GET /ws HTTP/1.1', host, ...handshake).upgrade).toBe('websocket');
  });

  it.each([
    ['POST / HTTP/1.1', handshake],
    ['GET / HTTP/1.0', handshake],
    ['GET / HTTP/1.1', [...handshake, 'Content-Length: 1']],
    ['GET / HTTP/1.1', handshake.slice(0, 2)],
    ['GET / HTTP/1.1', handshake.slice(1)],
    ['GET / HTTP/1.1', [...handshake, 'Upgrade: websocket']],
    ['GET / HTTP/1.1', handshake.with(1, 'Upgrade: websocket, h2c')],
    ['GET / HTTP/1.1', handshake.with(2, 'Sec-WebSocket-Key: short')],
    ['GET / HTTP/1.1', handshake.with(3, 'Sec-WebSocket-Version: 8')],
    [
      'GET / HTTP/1.1',
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ],
    ['GET / HTTP/1.1', ['Upgrade: h2c']],
    ['GET / HTTP/1.1', ['Connection: Upgrade']],
    ['GET / HTTP/1.1', ['Connection: Upgrade', 'Upgrade: TLS/1.2']],
  ])('refuses another: %s %j', (line, lines) => {
    expect(refusal(line, host, ...lines)).toBe('upgrade_not_allowed');
  });
});

describe('findHeadEnd', () => {
  it('finds an end that arrives in pieces', () => {
    const all = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\nbody');
    let searched = 0;
    const ends: number[] = [];
    for (let length = 1; length <= all.length; length += 1) {
      ends.push(findHeadEnd(all.subarray(0, length), searched));
      searched = length;
    }
    expect(ends.filter((end) => end >= 0)[0]).toBe(all.length - 4);
    expect(findHeadEnd(all.subarray(0, all.length - 5))).toBe(-1);
  });

  it('finds what a search for the four bytes finds, whatever was searched before', () => {
    const bytes = fc.stringMatching(/^[\r\na]{0,40}$/);
    fc.assert(
      fc.property(bytes, fc.nat(40), (text, searched) => {
        const at = text.indexOf('\r\n\r\n', Math.max(0, searched - 3));
        expect(findHeadEnd(Buffer.from(text), searched)).toBe(at < 0 ? -1 : at + 4);
      }),
      { numRuns: 5000 },
    );
  });
});
