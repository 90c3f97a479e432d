import type { AttackClass } from '../attack.ts';
import { outside } from '../facts.ts';
import { code, curl, plain, tunnel } from './steps.ts';

const get = 'GET / HTTP/1.1\r\nHost: HOST\r\n\r\n';

/** Places that no route declares. */
export const destinations: AttackClass = {
  id: 'destination',
  title: 'Undeclared destinations',
  controls: [
    {
      id: 'destination/permitted',
      does: 'a declared host is asked for in DNS, dialled and answers',
      steps: (at) =>
        curl(`https://api.e2e.test:${at.port}/v1/me`, `https://c-${at.nonce}.wild.e2e.test:${at.port}/me`),
      answered: /reached \/(?:v1\/)?me/,
      noted: ['upstream', 'resolver', 'wire'],
    },
    {
      id: 'destination/permitted-address',
      does: 'a route that may go to an address of the host reaches the decoy there',
      steps: (at) => curl(`https://control.e2e.test:${at.decoyPort}/`),
      answered: code('upstream_tls', 'upstream_unreachable'),
      noted: ['decoy'],
    },
  ],
  attacks: [
    {
      id: 'destination/undeclared-host',
      tries:
        'hosts that no route names: another one, one that ends or begins like a declared one, in plaintext too',
      seen: '`host_not_allowed`; no connection opened, no name asked of the resolver',
      steps: (at) =>
        curl(
          `https://${at.nonce}.example/`,
          `http://${at.nonce}.example/`,
          `https://api.e2e.test.${at.nonce}.example/`,
          `https://${at.nonce}api.e2e.test:${at.port}/`,
          `https://wild.e2e.test:${at.port}/${at.nonce}`,
        ),
      denied: code('host_not_allowed'),
      silent: ['upstream', 'decoy', 'resolver', 'wire'],
    },
    {
      id: 'destination/undeclared-port',
      tries: 'another port of a declared host, with CONNECT and in plaintext',
      seen: '`port_not_allowed`; nothing reaches the host',
      steps: (at) => [
        ...curl(`https://api.e2e.test:${at.decoyPort}/v1/me`, `http://open.e2e.test:${at.decoyPort}/`),
        tunnel(at, get.replace('HOST', 'api.e2e.test:22'), { connect: 'api.e2e.test:22' }),
      ],
      denied: code('port_not_allowed'),
      silent: ['upstream', 'decoy'],
    },
    {
      id: 'destination/ip-literal',
      tries: 'every address of the host, and one outside, in place of a name',
      seen: '`host_not_allowed`; nothing is dialled',
      steps: (at) => [
        ...curl(
          ...[...at.hostAddresses, outside.v6].map((address) => {
            const host = address.includes(':') ? `'[${address}]'` : address;
            return `--noproxy '' -g https://${host}:${at.decoyPort}/`;
          }),
          `http://${outside.v4}/`,
        ),
        plain(`GET http://${at.decoy}:${at.port}/ HTTP/1.1\r\nHost: ${at.decoy}:${at.port}\r\n\r\n`),
      ],
      denied: code('host_not_allowed'),
      silent: ['upstream', 'decoy', 'wire'],
    },
    {
      id: 'destination/ip-forms',
      tries: 'loopback as a decimal, hexadecimal, octal, short or full-width number',
      seen: '`host_not_allowed` or `malformed_request`; nothing is dialled or asked for',
      steps: (at) =>
        ['2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '127.1', '127.0.0.1.', '１２７.0.0.1'].map(
          (host) => {
            const authority = `${Buffer.from(host).toString('latin1')}:${at.decoyPort}`;
            return plain(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
          },
        ),
      denied: code('host_not_allowed', 'malformed_request'),
      silent: ['decoy', 'upstream'],
    },
    {
      id: 'destination/ipv4-in-ipv6',
      tries: 'loopback as IPv4-mapped, IPv4-compatible, NAT64 and 6to4 IPv6 address',
      seen: '`host_not_allowed` or `malformed_request`; nothing is dialled',
      steps: (at) =>
        [
          '::ffff:127.0.0.1',
          '::ffff:7f00:1',
          '0:0:0:0:0:ffff:127.0.0.1',
          '::127.0.0.1',
          '64:ff9b::7f00:1',
          '2002:7f00:1::',
          '::1',
          '::',
          '::1%lo',
        ].map((host) => {
          const authority = `[${host}]:${at.decoyPort}`;
          return plain(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
        }),
      denied: code('host_not_allowed', 'malformed_request'),
      silent: ['decoy', 'upstream'],
    },
    {
      id: 'destination/doh',
      tries: 'DNS over HTTPS, by GET and POST, to public resolvers and to an address',
      seen: '`host_not_allowed`; nothing leaves',
      steps: (at) =>
        curl(
          `https://dns.google/dns-query?dns=${at.nonce}`,
          `-H 'Content-Type: application/dns-message' -d ${at.nonce} https://cloudflare-dns.com/dns-query`,
          `https://${outside.v4}/dns-query?name=${at.nonce}.example`,
          `https://${outside.v4}:853/`,
        ),
      denied: code('host_not_allowed'),
      silent: ['upstream', 'resolver', 'wire'],
    },
  ],
};
