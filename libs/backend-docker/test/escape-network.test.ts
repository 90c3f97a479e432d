import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { egressNetworkName } from '../src/networks/egress-network.ts';
import { testEngine } from './support/engine.ts';
import { localBottle, type LocalBottle } from './support/local-bottle.ts';
import { startListener, type Listener } from './support/listener.ts';

const engine = await testEngine();

const tcp = (host: string, port: number): string =>
  `import { connect } from 'node:net';
   const s = connect({ host: ${JSON.stringify(host)}, port: ${port} });
   const say = (what) => { console.log(what); process.exit(); };
   s.setTimeout(1500, () => say('nothing')); s.on('connect', () => say('reached')); s.on('error', (e) => say(e.code));`;

/** Answers every question with one address (RFC 1035). */
const fakeResolver = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (query, from) => {
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 6);
  head.writeUInt32BE(0, 8);
  const end = query.indexOf(0, 12) + 5;
  const answer = Buffer.from('c00c00010001000000050004cb007101', 'hex');
  socket.send(Buffer.concat([head, query.subarray(12, end), answer]), from.port, from.address);
});
socket.bind(53, '127.0.0.1', () => console.log('up'));`;

describe.skipIf(engine === null)('the network of an agent', () => {
  let local: LocalBottle;
  let other: LocalBottle;
  let neighbour: Listener;
  const servers: Server[] = [];
  const hostAddresses = (): string[] =>
    Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .filter(({ scopeid }) => scopeid === undefined || scopeid === 0)
      .map(({ address }) => address);
  const listen = async (): Promise<number> => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('host service'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, () => resolve()));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };

  beforeAll(async () => {
    if (engine === null) return;
    local = await localBottle(engine, { sidecars: ['egress'] });
    other = await localBottle(engine, { sidecars: ['egress', 'supervise'] });
    neighbour = await startListener(engine);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await neighbour.remove();
    await other.dispose();
    await local.dispose();
  });

  test('the self-check passes, and finds a network that somebody joined the agent to', async () => {
    await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
    if (engine === null) return;
    const Container = `bot-bottle-${local.identity}`;
    const bridge = engine.docker.getNetwork('bridge');
    await bridge.connect({ Container });
    try {
      await expect(local.host.selfCheck(local.bottle)).rejects.toMatchObject({
        code: 'self_check_failed',
        message: expect.stringMatching(/answers.*there is a route/s),
      });
    } finally {
      await bridge.disconnect({ Container, Force: true });
    }
    await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
  });

  test('the self-check finds a resolver that answers', async () => {
    if (engine === null) return;
    const open = await localBottle(engine);
    // As if the engine had one for it: the agent itself plays it where its resolver asks.
    const playing = open.bottle.spawn(['node', '-e', fakeResolver]);
    const child = await playing;
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await expect(open.host.selfCheck(open.bottle)).rejects.toMatchObject({
      code: 'self_check_failed',
      message: expect.stringContaining('DNS resolves example.com'),
    });
    await open.dispose();
  });

  test('the self-check finds somebody else on the network of the bottle', async () => {
    if (engine === null) return;
    const alone = await localBottle(engine);
    const intruder = await startListener(engine, { network: `bot-bottle-${alone.identity}-internal` });
    try {
      await expect(alone.host.selfCheck(alone.bottle)).rejects.toMatchObject({
        code: 'self_check_failed',
        message: expect.stringContaining(intruder.address),
      });
    } finally {
      await intruder.remove();
      await alone.dispose();
    }
  });

  test('no address of the host answers, those of its bridges included', async () => {
    const port = await listen();
    const addresses = hostAddresses();
    expect(addresses.length).toBeGreaterThan(2);
    const seen = await Promise.all(addresses.map(async (host) => [host, await local.node(tcp(host, port))]));
    expect(seen.filter(([, result]) => result === 'reached')).toEqual([]);
  });

  test('no gateway answers: nobody has that address', async () => {
    const port = await listen();
    const [own = ''] = (await local.run('hostname', '-i')).stdout.trim().split(' ');
    const first = own.replace(/\d+$/, (last) => String(Number(last) - 4));
    expect(await local.node(tcp(first, port))).not.toBe('reached');
    expect((await local.sh(`grep -F '${first} ' /proc/net/arp`)).stdout).not.toContain('0x2');
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
    expect(await local.node(tcp(address, 443))).not.toBe('reached');
  });

  test('there is no IPv6', async () => {
    expect((await local.sh('cat /proc/net/if_inet6 | grep -v " lo$"')).stdout).toBe('');
  });

  test('a container on another network of the engine cannot be reached, though the host reaches it', async () => {
    expect(await neighbour.answersHost()).toBe(true);
    expect(await local.node(tcp(neighbour.address, neighbour.port))).not.toBe('reached');
  });

  test("another bottle's addresses cannot be reached, nor what is on the shared bridge", async () => {
    if (engine === null) return;
    const outside = await startListener(engine, { network: egressNetworkName });
    try {
      const [address = ''] = (await other.run('hostname', '-i')).stdout.trim().split(' ');
      const listening = other.node(
        `import { createServer } from 'node:net'; createServer((s) => s.end()).listen(7777, () => setTimeout(() => process.exit(), 4000));`,
      );
      expect(await local.node(tcp(address, 7777))).not.toBe('reached');
      expect(await local.node(tcp(outside.address, outside.port))).not.toBe('reached');
      await listening;
    } finally {
      await outside.remove();
    }
  });

  test("the engine's API and socket are not there", async () => {
    for (const port of [2375, 2376])
      for (const host of ['172.17.0.1', '127.0.0.1', 'host.docker.internal'])
        expect(await local.node(tcp(host, port))).not.toBe('reached');
    const sockets = await local.sh('find / -xdev -type s 2>/dev/null; ls /run /var/run');
    expect(sockets.stdout).not.toMatch(/docker|containerd|\.sock/);
  });

  test('a resolver of the host is not asked, on the loopback and on a bridge, by names, UDP and TCP', async () => {
    const sockets = ['127.0.0.1', '172.17.0.1'].map((host) => ({ host, socket: createSocket('udp4') }));
    let packets = 0;
    const bound: string[] = [];
    for (const { host, socket } of sockets) {
      socket.on('message', () => (packets += 1));
      await new Promise<void>((resolve) => {
        socket.once('error', () => resolve());
        socket.bind(53, host, () => {
          bound.push(host);
          resolve();
        });
      });
    }
    // The look itself must be able to fail: the listeners see what the host sends.
    const probe = createSocket('udp4');
    for (const host of bound) await new Promise((resolve) => probe.send('x', 53, host, resolve));
    await expect.poll(() => packets).toBe(bound.length);
    probe.close();
    packets = 0;
    const lookups = await local.node(`
      import { lookup, Resolver } from 'node:dns/promises';
      const names = ['example.com', 'secret-in-a-name.example.com', 'metadata.google.internal'];
      const found = await Promise.allSettled(names.map((name) => lookup(name)));
      const resolver = new Resolver({ timeout: 500, tries: 1 });
      const direct = [];
      for (const server of ['127.0.0.11', '127.0.0.1', '172.17.0.1', '8.8.8.8']) {
        resolver.setServers([server]);
        direct.push(...(await Promise.allSettled([resolver.resolve4('example.com'), resolver.resolveTxt('x.example.com')])));
      }
      console.log([...found, ...direct].filter(({ status }) => status === 'fulfilled').length);
      process.exit();`);
    expect(lookups).toBe('0');
    const overTcp = await Promise.all(
      ['127.0.0.11', '172.17.0.1'].map(async (host) => await local.node(tcp(host, 53))),
    );
    expect(overTcp[1]).not.toBe('reached');
    expect(packets).toBe(0);
    for (const { socket } of sockets) socket.close();
  });

  test('names of sidecars are known at once, before they run', async () => {
    const { stdout } = await local.run('getent', 'hosts', 'egress');
    expect(stdout).toMatch(/^10\.211\.\d+\.\d+\s+egress/);
  });

  test('raw and packet sockets are refused, and addresses and routes cannot be changed', async () => {
    const { stdout } = await local.run(
      'perl',
      '-e',
      'use Socket; for ([AF_INET, SOCK_RAW, 1], [17, SOCK_RAW, 0x300], [17, SOCK_DGRAM, 0x300]) { print(socket(my $s, $_->[0], $_->[1], $_->[2]) ? "open" : "refused", "\\n") }',
    );
    expect(stdout).toBe('refused\nrefused\nrefused\n');
    expect(
      (await local.sh('ip addr add 10.211.0.1/28 dev eth0 2>&1; ip route add default via 10.211.0.2 2>&1'))
        .code,
    ).not.toBe(0);
    expect((await local.sh('echo 1 > /proc/sys/net/ipv4/ip_forward')).code).not.toBe(0);
    expect((await local.sh('cat /proc/sys/net/ipv4/ip_forward')).stdout).toBe('0\n');
  });
});
