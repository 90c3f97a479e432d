import { createServer, type Server } from 'node:net';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Subject, users } from './support/subject.ts';

const tcp = (host: string, port: number) =>
  `const s = require('net').connect({host: ${JSON.stringify(host)}, port: ${port}}); s.on('connect', () => { console.log('reached'); process.exit() }); s.on('error', (e) => { console.log(e.code); process.exit() })`;
const unix = (path: string) =>
  `const s = require('net').connect({path: ${JSON.stringify(path)}}); s.on('connect', () => { console.log('reached'); process.exit() }); s.on('error', (e) => { console.log(e.code); process.exit() })`;

describe.each(users)('network, started by $name', (user) => {
  let subject: Subject;
  const servers: Server[] = [];
  const listen = (where: { host?: string; port?: number; path?: string }) =>
    new Promise<number>((resolve) => {
      const server = createServer((socket) => socket.end('host service'));
      servers.push(server);
      server.listen(where, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const node = async (script: string) => (await subject.exec('node', '-e', script)).stdout.trim();
  beforeAll(async () => {
    subject = new Subject(user);
    await subject.open();
  });
  afterAll(async () => {
    await subject.dispose();
    for (const server of servers) server.close();
  });

  test('the self-check finds nothing', async () => {
    await expect(subject.ask('check')).resolves.toBeUndefined();
  });

  test('the self-check finds a port that somebody opened', async () => {
    const script = "require('net').createServer().listen(4321, '127.0.0.1', () => console.log('up'))";
    await subject.sh(`node -e "${script}" > /tmp/up 2>&1 & until grep -q up /tmp/up; do sleep 0.02; done`);
    await expect(subject.ask('check')).rejects.toThrow('port 4321 is open');
    await subject.sh('pkill -f createServer; true');
  });

  test('there is only the loopback interface', async () => {
    expect((await subject.exec('ls', '/sys/class/net')).code).not.toBe(0);
    const lines = (await subject.exec('cat', '/proc/net/dev')).stdout.trim().split('\n').slice(2);
    expect(lines.map((line) => line.split(':')[0]?.trim())).toEqual(['lo']);
  });

  test("the host's loopback is another one", async () => {
    const port = await listen({ host: '127.0.0.1', port: 0 });
    expect(await node(tcp('127.0.0.1', port))).toBe('ECONNREFUSED');
    const port6 = await listen({ host: '::1', port: 0 });
    expect(await node(tcp('::1', port6))).not.toBe('reached');
  });

  test('no address of the host can be reached', async () => {
    const port = await listen({ host: '0.0.0.0', port: 0 });
    for (const { address } of Object.values(networkInterfaces()).flatMap((entries) => entries ?? []))
      expect(await node(tcp(address, port)), address).not.toBe('reached');
  });

  test.each([
    '192.0.2.1',
    '1.1.1.1',
    '169.254.169.254',
    '10.0.0.1',
    '::ffff:1.1.1.1',
    '2606:4700:4700::1111',
    'fe80::1',
  ])('%s cannot be reached', async (address) => {
    expect(await node(tcp(address, 443))).toMatch(
      /^E(NETUNREACH|HOSTUNREACH|ADDRNOTAVAIL|INVAL|CONNREFUSED)$/,
    );
  });

  test("the host's abstract sockets are not there", async () => {
    await listen({ path: '\0bot-bottle-test-abstract' });
    expect(await node(unix('\0bot-bottle-test-abstract'))).toBe('ECONNREFUSED');
  });

  test("the host's unix sockets are not there", async () => {
    const path = join(subject.folder, 'service.sock');
    await listen({ path });
    expect(await node(unix(path))).toBe('ENOENT');
  });

  test('nothing is sent over UDP, and no resolver is asked', async () => {
    const socket = createSocket('udp4');
    let packets = 0;
    socket.on('message', () => (packets += 1));
    await new Promise<void>((resolve) => socket.bind(0, '0.0.0.0', resolve));
    const { port } = socket.address();
    const hosts = [
      '127.0.0.1',
      ...Object.values(networkInterfaces())
        .flatMap((entries) => entries ?? [])
        .filter(({ family }) => family === 'IPv4')
        .map(({ address }) => address),
    ];
    const send = hosts.map((host) => `d.send('x', ${port}, '${host}', () => {});`).join('');
    const names = await node(
      `const d = require('dgram').createSocket('udp4'); d.on('error', () => {}); ${send} require('dns').lookup('example.com', (e) => { console.log(e && e.code); process.exit() })`,
    );
    expect(names).toMatch(/^(EAI_AGAIN|ENOTFOUND)$/);
    expect(packets).toBe(0);
    socket.close();
  });

  test('names of sidecars are known, others are not', async () => {
    expect((await subject.exec('getent', 'hosts', 'egress')).stdout).toContain('127.0.0.1');
    expect((await subject.exec('getent', 'hosts', 'example.com')).code).not.toBe(0);
  });

  test('the loopback interface cannot be changed nor another one made', async () => {
    expect((await subject.sh('ip link add dummy0 type dummy 2>&1')).code).not.toBe(0);
    expect((await subject.sh('ip route add default via 127.0.0.1 2>&1')).code).not.toBe(0);
  });
});
