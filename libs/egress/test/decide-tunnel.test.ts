import { describe, expect, it } from 'vitest';
import { decideConnect, decideTunnel, sniffTunnel } from '@bot-bottle/egress';
import { table } from './support/tables.ts';

describe('decideConnect', () => {
  const routes = table([{ host: 'a.example', ports: [443, 80] }]);

  it.each([
    ['a.example', 443, { kind: 'allow', schemes: new Set(['https']), rule: 'manifest:a.example' }],
    ['a.example', 80, { kind: 'allow', schemes: new Set(['http']), rule: 'manifest:a.example' }],
    ['_egress.local', 80, { kind: 'local' }],
  ])('%s:%s', (host, port, expected) => {
    expect(decideConnect(routes, host, port, 0)).toEqual(expected);
  });

  it.each([
    ['a.example', 22, 'port_not_allowed'],
    ['b.example', 443, 'host_not_allowed'],
    ['127.0.0.1', 443, 'host_not_allowed'],
    ['::1', 443, 'host_not_allowed'],
  ])('denies %s:%s with %s', (host, port, code) => {
    expect(decideConnect(routes, host, port, 0)).toMatchObject({
      kind: 'deny',
      code,
      ask: { arguments: { host, ports: [port] } },
    });
  });
});

describe('sniffTunnel', () => {
  it.each([
    [[0x16, 0x03, 0x01, 0x00], 'tls'],
    [[0x16, 0x03], 'more'],
    [[], 'more'],
    [[0x16, 0x02, 0x01], 'opaque'],
    [[0x80, 0x2e, 0x01], 'opaque'],
    [[0x15, 0x03, 0x01], 'opaque'],
    [[...Buffer.from('GET / HTTP')], 'http'],
    [[...Buffer.from('PRI * HTTP/2.0')], 'http'],
    [[...Buffer.from('GE')], 'more'],
    [[...Buffer.from('SSH-2.0-OpenSSH')], 'opaque'],
    [[...Buffer.from('\r\nGET / ')], 'opaque'],
    [[...Buffer.from('get / ')], 'opaque'],
    [[...Buffer.from('A'.repeat(40))], 'opaque'],
  ])('%j is %s', (bytes, expected) => {
    expect(sniffTunnel(Buffer.from(bytes))).toBe(expected);
  });
});

describe('decideTunnel', () => {
  it.each([
    [443, { kind: 'tls', sni: 'a.example' }, null],
    [443, { kind: 'tls', sni: 'A.EXAMPLE' }, null],
    [443, { kind: 'tls', sni: null }, null],
    [443, { kind: 'tls', sni: 'b.example' }, 'misdirected'],
    [443, { kind: 'tls', sni: 'a.example\0' }, 'misdirected'],
    [80, { kind: 'http' }, null],
    [443, { kind: 'http' }, 'opaque_tunnel'],
    [80, { kind: 'opaque' }, 'opaque_tunnel'],
  ] as const)('port %s, %j: %s', (port, first, code) => {
    expect(decideTunnel({ host: 'a.example', port }, first)?.code ?? null).toBe(code);
  });
});
