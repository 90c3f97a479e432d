import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import type { Authority } from '@bot-bottle/egress';

const day = 24 * 60 * 60 * 1000;
let ca: Authority;
beforeAll(async () => {
  ca = await mintAuthority({ bottle: 'dev-a1b2c', days: 8 });
});

describe('mintAuthority', () => {
  it('makes a CA that names its bottle and is valid for the days asked', () => {
    const cert = new X509Certificate(ca.cert);
    expect(cert.subject).toBe('O=bot-bottle\nCN=bot-bottle dev-a1b2c');
    expect(cert.ca).toBe(true);
    expect(cert.verify(cert.publicKey)).toBe(true);
    expect(cert.validFromDate.getTime()).toBeLessThan(Date.now() - 59 * 60 * 1000);
    expect(Math.abs(cert.validToDate.getTime() - Date.now() - 8 * day)).toBeLessThan(60_000);
    expect(ca.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('survives a bottle name that is longer than a common name', async () => {
    const cert = new X509Certificate((await mintAuthority({ bottle: 'x'.repeat(128), days: 1 })).cert);
    expect(cert.subject).toContain('CN=bot-bottle xxx');
  });

  it('writes dates beyond 2049', async () => {
    const cert = new X509Certificate((await mintAuthority({ bottle: 'b', days: 20_000 })).cert);
    expect(cert.validToDate.getUTCFullYear()).toBeGreaterThan(2050);
  });
});

describe('createLeafMinter', () => {
  it.each([
    ['api.example', 'DNS:api.example'],
    ['93.184.216.34', 'IP Address:93.184.216.34'],
    ['::1', 'IP Address:0:0:0:0:0:0:0:1'],
    [`${'a'.repeat(60)}.${'b'.repeat(60)}.example`, `DNS:${'a'.repeat(60)}.${'b'.repeat(60)}.example`],
  ])('signs a leaf for %s', async (host, san) => {
    const leaf = new X509Certificate((await createLeafMinter(ca).leaf(host)).cert);
    const issuer = new X509Certificate(ca.cert);
    expect(leaf.subjectAltName).toBe(san);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(issuer)).toBe(true);
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.validToDate.getTime()).toBe(issuer.validToDate.getTime());
    expect(leaf.serialNumber).toMatch(/^[0-9A-F]{32}$/);
  });

  it('mints once per host, also for requests at the same time, with one key', async () => {
    const minter = createLeafMinter(ca);
    const [a, b, c] = await Promise.all([
      minter.leaf('a.example'),
      minter.leaf('A.example.'),
      minter.leaf('c.example'),
    ]);
    expect(a).toBe(b);
    expect(c.cert).not.toBe(a.cert);
    expect(c.key).toBe(a.key);
    expect(minter.size).toBe(2);
  });

  it('forgets the host used longest ago', async () => {
    const minter = createLeafMinter(ca, { limit: 2 });
    const first = await minter.leaf('a.example');
    await minter.leaf('b.example');
    expect(await minter.leaf('a.example')).toBe(first);
    await minter.leaf('c.example');
    expect(minter.size).toBe(2);
    expect(await minter.leaf('a.example')).toBe(first);
  });

  it.each(['', 'a b', '*.example', 'a\0.example', '0x7f.1'])('mints nothing for %j', async (host) => {
    await expect(createLeafMinter(ca).leaf(host)).rejects.toThrow(TypeError);
  });

  it('refuses what is not a CA with its key, without repeating the key', async () => {
    const other = await mintAuthority({ bottle: 'other', days: 1 });
    const leaf = await createLeafMinter(ca).leaf('a.example');
    const pairs = [
      { cert: ca.cert, key: other.key },
      { cert: leaf.cert, key: leaf.key },
      { cert: 'nonsense', key: ca.key },
      { cert: ca.cert, key: ca.key.slice(0, 100) },
    ];
    for (const pair of pairs) {
      expect(() => createLeafMinter(pair)).toThrow(expect.objectContaining({ code: 'invalid_authority' }));
      expect(() => createLeafMinter(pair)).not.toThrow(
        new RegExp(ca.key.slice(40, 60).replace(/[+/]/g, '.')),
      );
    }
  });

  it.each(['api.example', '127.0.0.1'])('serves TLS that a client verifies for %s', async (host) => {
    const { context, cert, key } = await createLeafMinter(ca).leaf(host);
    const server = createServer({ cert, key, SNICallback: (_, done) => done(null, context) }, (socket) =>
      socket.end('hello'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const servername = host === '127.0.0.1' ? {} : { servername: host };
    const client = connect({ host: '127.0.0.1', port, ca: ca.cert, ...servername });
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(client.authorized).toBe(true);
    expect(data.toString()).toBe('hello');
    client.destroy();
    server.close();
    await once(server, 'close');
  });

  it('keeps the event loop free while it mints', async () => {
    const minter = createLeafMinter(ca);
    await minter.leaf('warm.example');
    let longest = 0;
    let last = performance.now();
    let running = true;
    const watch = (): void => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (running) setImmediate(watch);
    };
    watch();
    const longestOfEach: number[] = [];
    for (let i = 0; i < 50; i += 1) {
      longest = 0;
      await minter.leaf(`h${i}.example`);
      longestOfEach.push(longest);
    }
    running = false;
    // An RSA signature by node-forge blocks for 59 ms, every time; another program's turn hits some of them only.
    expect(longestOfEach.toSorted((a, b) => a - b)[25]).toBeLessThan(50);
  });
});

const openssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!openssl)('openssl', () => {
  it.each(['api.example', '::1'])('verifies a leaf for %s strictly', async (host) => {
    const folder = mkdtempSync(join(tmpdir(), 'egress-tls-'));
    try {
      const leaf = await createLeafMinter(ca).leaf(host);
      const name = (file: string): string => join(folder, file);
      writeFileSync(name('ca.pem'), ca.cert);
      writeFileSync(name('leaf.pem'), leaf.cert);
      const check = host === '::1' ? ['-verify_ip', host] : ['-verify_hostname', host];
      const args = [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        ...check,
        '-CAfile',
        name('ca.pem'),
        name('leaf.pem'),
      ];
      expect(execFileSync('openssl', args).toString()).toContain('OK');
      const text = execFileSync('openssl', ['x509', '-in', name('ca.pem'), '-noout', '-text']).toString();
      expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
      expect(text).toMatch(/Key Usage: critical\s+Certificate Sign\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
