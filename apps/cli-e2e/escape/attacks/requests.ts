import type { Arena } from '../arena.ts';
import type { AttackClass } from '../attack.ts';
import type { Facts } from '../facts.ts';
import { code, curl, plain, request, tunnel } from './steps.ts';

const host = (at: Facts, name = 'api'): string => `Host: ${name}.e2e.test:${at.port}`;
const get = (at: Facts, path: string, name = 'api'): string =>
  request(`GET ${path} HTTP/1.1`, [host(at, name)]);
const post = (at: Facts, headers: readonly string[], body: string): string =>
  request('POST /v1/notes HTTP/1.1', [host(at), ...headers], body);

/** What arrived upstream must not hold this. */
const arrived =
  (never: RegExp) =>
  async (arena: Arena): Promise<string | null> => {
    const found = (await arena.notes('upstream')).find((note) => never.test(note));
    return found === undefined ? null : `arrived upstream: ${found.slice(0, 200)}`;
  };

/** Requests that two parsers read differently. */
export const requests: AttackClass = {
  id: 'request',
  title: 'Requests that look like others',
  controls: [
    {
      id: 'request/permitted',
      does: 'the same bytes without the trick pass, with the credential added',
      steps: (at) => [
        tunnel(at, get(at, '/v1/raw')),
        tunnel(at, post(at, ['Content-Length: 5'], 'hello')),
        tunnel(at, get(at, '/v1/raw'), { sni: '' }),
        tunnel(at, get(at, '/v1/./a//b/../raw')),
      ],
      answered: /^HTTP\/1\.1 200 OK[^]*reached \/v1\//,
      noted: ['upstream'],
    },
  ],
  attacks: [
    {
      id: 'request/misdirected',
      tries: 'SNI, `Host` and CONNECT that name different declared hosts; the allowed name in two of three',
      seen: '`misdirected`, or `host_not_allowed` where CONNECT is undeclared; nothing is dialled',
      steps: (at) => [
        tunnel(at, get(at, '/v1/me', 'open')),
        tunnel(at, get(at, '/v1/me'), { sni: 'open.e2e.test' }),
        tunnel(at, get(at, '/v1/me'), { connect: `open.e2e.test:${at.port}` }),
        tunnel(at, get(at, '/v1/me'), { connect: `${at.nonce}.example:${at.port}` }),
        tunnel(at, request('GET /v1/me HTTP/1.1', [host(at), host(at, 'open')])),
        tunnel(at, request('GET /v1/me HTTP/1.1', [`Host: api.e2e.test:${at.decoyPort}`])),
      ],
      denied: code('misdirected', 'host_not_allowed', 'malformed_request'),
      silent: ['upstream', 'resolver'],
    },
    {
      id: 'request/no-sni',
      tries: 'TLS without a server name, and another `Host` inside',
      seen: '`misdirected`; nothing is dialled',
      steps: (at) => [
        tunnel(at, get(at, '/v1/me', 'open'), { sni: '' }),
        tunnel(at, request('GET /v1/me HTTP/1.1', [`Host: ${at.nonce}.example`]), { sni: '' }),
      ],
      denied: code('misdirected'),
      silent: ['upstream', 'resolver'],
    },
    {
      id: 'request/leading-crlf',
      tries: 'empty lines before the request line, so that one parser sees no request',
      seen: '`malformed_request` or `path_not_allowed`; nothing is dialled',
      steps: (at) => [
        tunnel(at, `\r\n${get(at, '/admin')}`),
        tunnel(at, `\r\n\r\n\r\n${get(at, '/admin')}`),
        tunnel(at, `\n${get(at, '/admin')}`),
        plain(`\r\nGET http://open.e2e.test:${at.decoyPort}/ HTTP/1.1\r\n${host(at, 'open')}\r\n\r\n`),
      ],
      denied: code('malformed_request', 'path_not_allowed', 'port_not_allowed'),
      silent: ['upstream', 'decoy'],
    },
    {
      id: 'request/nul-in-host',
      tries: 'a NUL in the host of CONNECT, of `Host`, and of an absolute URI',
      seen: '`malformed_request`; no name is asked for',
      steps: (at) => [
        { raw: { connect: `${at.nonce}.example\0.api.e2e.test:${at.port}`, sni: '', send: '' } },
        tunnel(at, request('GET /v1/me HTTP/1.1', [`Host: ${at.nonce}.example\0.api.e2e.test:${at.port}`])),
        plain(`GET http://api.e2e.test\0.${at.nonce}.example:${at.port}/ HTTP/1.1\r\n${host(at)}\r\n\r\n`),
      ],
      denied: code('malformed_request'),
      silent: ['upstream', 'resolver', 'wire'],
    },
    {
      id: 'request/absolute-form',
      tries: 'an absolute URI that disagrees with `Host`, inside and outside of a tunnel, with userinfo',
      seen: '`malformed_request` or `misdirected`; nothing is dialled',
      steps: (at) => [
        plain(`GET http://open.e2e.test:${at.port}/ HTTP/1.1\r\n${host(at)}\r\n\r\n`),
        tunnel(at, request(`GET https://open.e2e.test:${at.port}/v1/me HTTP/1.1`, [host(at)])),
        tunnel(at, request(`GET https://api.e2e.test:${at.port}/v1/me HTTP/1.1`, [host(at, 'open')])),
        plain(
          `GET http://open.e2e.test:${at.port}@${at.nonce}.example/ HTTP/1.1\r\n${host(at, 'open')}\r\n\r\n`,
        ),
      ],
      denied: code('malformed_request', 'misdirected'),
      silent: ['upstream', 'resolver'],
    },
    {
      id: 'request/plaintext-credential',
      tries: 'plain HTTP to a host whose route has a credential',
      seen: '`plaintext_not_allowed`; nothing is dialled',
      steps: (at) => [
        ...curl(`http://api.e2e.test:${at.port}/v1/me`),
        { raw: { connect: `api.e2e.test:${at.port}`, send: get(at, '/v1/me') } },
      ],
      denied: code('plaintext_not_allowed', 'opaque_tunnel'),
      silent: ['upstream'],
    },
    {
      id: 'request/opaque-tunnel',
      tries: 'something that is neither TLS nor HTTP inside of a tunnel: SSH, and bytes of chance',
      seen: '`opaque_tunnel`; nothing is dialled',
      steps: (at) =>
        ['SSH-2.0-OpenSSH_9.2\r\n', '\u0000\u0001\u0002\u0003\u0004'].map((send) => ({
          raw: { connect: `open.e2e.test:${at.port}`, send },
        })),
      denied: code('opaque_tunnel'),
      silent: ['upstream'],
    },
    {
      id: 'request/dot-segments',
      tries: '`..` and `.` out of the allowed path, plain and doubled',
      seen: '`path_not_allowed`; nothing is dialled',
      steps: (at) =>
        ['/v1/../admin', '/v1/./../admin', '/v1//../../admin', '/v1/..', '/v1x', '/v1/../v1/../admin'].map(
          (path) => tunnel(at, get(at, path)),
        ),
      denied: code('path_not_allowed'),
      silent: ['upstream'],
    },
    {
      id: 'request/encoded-dots',
      tries: '`%2e%2e`, half encoded, and encoded twice',
      seen: '`path_not_allowed` or `malformed_request`; nothing is dialled',
      steps: (at) =>
        ['/v1/%2e%2e/admin', '/v1/.%2E/admin', '/v1/%252e%252e/admin', '/%76%31/../admin'].map((path) =>
          tunnel(at, get(at, path)),
        ),
      denied: code('path_not_allowed', 'malformed_request'),
      silent: ['upstream'],
    },
    {
      id: 'request/encoded-slash',
      tries: 'encoded slashes, backslashes and NUL in the path',
      seen: '`path_not_allowed` or `malformed_request`; nothing is dialled',
      steps: (at) =>
        ['/v1%2fadmin', '/v1/..%2fadmin', '/v1/..%5cadmin', String.raw`/v1/..\admin`, '/v1/%00/admin'].map(
          (path) => tunnel(at, get(at, path)),
        ),
      denied: code('path_not_allowed', 'malformed_request'),
      silent: ['upstream'],
    },
    {
      id: 'request/h2c',
      tries: 'an upgrade to h2c, in plaintext and inside of TLS, and upgrades to other things',
      seen: '`upgrade_not_allowed`; nothing is dialled',
      steps: (at) => {
        const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
        return [
          tunnel(at, request('GET /v1/me HTTP/1.1', [host(at), ...upgrade])),
          plain(request(`GET http://open.e2e.test:${at.port}/ HTTP/1.1`, [host(at, 'open'), ...upgrade])),
          tunnel(at, request('GET /v1/me HTTP/1.1', [host(at), 'Connection: Upgrade', 'Upgrade: TLS/1.2'])),
        ];
      },
      denied: code('upgrade_not_allowed'),
      silent: ['upstream'],
    },
    {
      id: 'request/h2-prior-knowledge',
      tries: 'HTTP/2 without asking: its preface to the proxy, inside of TLS, and by ALPN alone',
      seen: '`malformed_request`, `opaque_tunnel`, or no TLS; nothing is dialled',
      steps: (at) => {
        const preface =
          'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000';
        return [
          plain(preface),
          tunnel(at, preface),
          { raw: { connect: `open.e2e.test:${at.port}`, send: preface } },
          tunnel(at, preface, { alpn: ['h2'] }),
        ];
      },
      denied: /"code":"(?:malformed_request|opaque_tunnel)"|\[EPROTO\]|NO_APPLICATION_PROTOCOL/,
      silent: ['upstream'],
    },
    {
      id: 'request/duplicate-content-length',
      tries: 'two lengths, a list of lengths, a signed, padded or hexadecimal one',
      seen: '`malformed_request`; nothing is dialled',
      steps: (at) =>
        [
          ['Content-Length: 5', 'Content-Length: 44'],
          ['Content-Length: 5', 'Content-Length: 5'],
          ['Content-Length: 5, 5'],
          ['Content-Length: +5'],
          ['Content-Length: 0x5'],
          ['Content-Length: 5 5'],
          ['Content-Length : 5'],
        ].map((headers) => tunnel(at, post(at, headers, 'helloGET /admin HTTP/1.1\r\n\r\n'))),
      denied: code('malformed_request'),
      silent: ['upstream'],
    },
    {
      id: 'request/cl-te',
      tries: 'Content-Length with Transfer-Encoding, and transfer encodings that one parser does not know',
      seen: '`malformed_request`; nothing is dialled',
      steps: (at) =>
        [
          ['Content-Length: 5', 'Transfer-Encoding: chunked'],
          ['Transfer-Encoding: chunked', 'Content-Length: 5'],
          ['Transfer-Encoding: xchunked'],
          ['Transfer-Encoding: chunked, identity'],
          ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
          ['Transfer-Encoding: \u000bchunked'],
          ['Transfer-Encoding : chunked'],
        ].map((headers) => tunnel(at, post(at, headers, '0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n'))),
      denied: code('malformed_request'),
      silent: ['upstream'],
    },
    {
      id: 'request/obs-fold',
      tries: 'folded headers, bare LF and CR, a NUL and a space before the colon',
      seen: '`malformed_request`; nothing is dialled',
      steps: (at) =>
        [
          'X-A: 1\r\n folded',
          'X-A: 1\r\n\tfolded',
          'X-A: 1\nX-B: 2',
          'X-A: 1\rX-B: 2',
          'X-A: \0',
          'X-A : 1',
        ].map((line) => tunnel(at, request('GET /v1/me HTTP/1.1', [host(at), line]))),
      denied: code('malformed_request'),
      silent: ['upstream'],
    },
    {
      id: 'request/bad-chunks',
      tries: 'chunk sizes that one parser reads differently: with a sign, a space, an overflow, a bare LF',
      seen: '`malformed_request`; no second request arrives',
      steps: (at) =>
        ['+5', '0x5', '5 5', 'fffffffffffffffff5', '5\n'].map((size) =>
          tunnel(
            at,
            post(at, ['Transfer-Encoding: chunked'], `${size}\r\nhello\r\n0\r\n\r\n${get(at, '/admin')}`),
          ),
        ),
      denied: code('malformed_request'),
      silent: [],
      after: arrived(/ \/admin/),
    },
    {
      id: 'request/method-override',
      tries: 'headers that make a server take another method or path than the one that was checked',
      seen: 'the request passes, without those headers',
      steps: (at) =>
        ['X-HTTP-Method-Override: DELETE', 'X-Original-URL: /admin', 'X-Rewrite-URL: /admin'].map((header) =>
          tunnel(at, post(at, ['Content-Length: 2', header], 'ok')),
        ),
      denied: /reached \/v1\/notes/,
      silent: [],
      after: arrived(/override|original-url|rewrite-url/i),
    },
  ],
};

/** What the agent must not learn, and what it must not bring along. */
export const credentials: AttackClass = {
  id: 'credential',
  title: 'The injected credential',
  controls: [
    {
      id: 'credential/injected',
      does: 'the upstream gets the credential, the agent does not have to',
      steps: (at) => curl(`https://api.e2e.test:${at.port}/v1/with-credential`),
      answered: /reached/,
      noted: ['upstream'],
      after: async (arena) =>
        (await arena.notes('upstream')).some(
          (note) => note.includes('with-credential') && note.includes(`Bearer ${arena.token}`),
        )
          ? null
          : 'the upstream got no credential: echoes would prove nothing',
    },
  ],
  attacks: [
    {
      id: 'credential/trace',
      tries: 'TRACE, TRACK, and CONNECT inside of a tunnel',
      seen: '`method_refused`; nothing is dialled',
      steps: (at) =>
        ['TRACE /v1/me', 'TRACK /v1/me', `CONNECT api.e2e.test:${at.port}`].map((line) =>
          tunnel(at, request(`${line} HTTP/1.1`, [host(at)])),
        ),
      denied: code('method_refused'),
      silent: ['upstream'],
    },
    ...(
      [
        ['header', 'a response header', /x-echo: /i],
        ['body', 'the body', /in a body: /],
        ['base64', 'the body in base64', /in base64: /],
        ['gzip', 'a body that the server compresses unasked', /HTTP\/1\.1 /],
        ['redirect', 'the address of a redirect', /location: /i],
        ['error', 'an error page', /bad credential: /],
      ] as const
    ).map(([path, where, denied]) => ({
      id: `credential/echo-${path}`,
      tries: `a server that gives the credential back in ${where}`,
      seen: 'the answer comes with the credential overwritten, or is refused',
      steps: (at: Facts) => [
        { sh: `curl -sSi --compressed -m 20 https://echo.e2e.test:${at.port}/echo/${path}` },
        tunnel(
          at,
          request(`GET /echo/${path} HTTP/1.1`, [
            host(at, 'echo'),
            'Accept-Encoding: gzip',
            'Connection: close',
          ]),
          {
            host: 'echo',
          },
        ),
      ],
      denied,
      silent: [],
    })),
    {
      id: 'credential/own-account',
      tries:
        'credentials of the attacker’s own account on an allowed host: headers, cookies, `Proxy-Authorization`, and query on a route with a credential',
      seen: 'the request passes without them',
      steps: (at) => {
        const own = ['Authorization: Bearer', 'X-Api-Key:', 'Cookie: s=', 'Private-Token:', 'X-Auth-Token:'];
        const headers = own.map((header) => `-H '${header} attackers-own'`).join(' ');
        return curl(
          `${headers} -H 'Proxy-Authorization: Basic attackers-own' https://open.e2e.test:${at.port}/own`,
          `${headers} "https://api.e2e.test:${at.port}/v1/own?access_token=attackers-own&a=1"`,
        );
      },
      denied: /reached/,
      silent: [],
      after: arrived(/attackers-own/),
    },
  ],
};
