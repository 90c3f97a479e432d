import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { node } from '../in-bottle.ts';
import { expectThat, type BottleContext } from '../parity-case.ts';
import { bottleCases } from './make-cases.ts';

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Tries every target at once; gives those that answered. */
async function reached({ bottle }: BottleContext, targets: readonly Target[]): Promise<readonly string[]> {
  const program = `
import { connect } from 'node:net';
const attempt = ({ host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port });
  const settle = (result) => { socket.destroy(); resolve(result ? [host + ' ' + port] : []); };
  socket.setTimeout(2000, () => settle(false));
  socket.once('connect', () => settle(true)).once('error', () => settle(false));
});
const targets = ${JSON.stringify(targets)};
console.log(JSON.stringify((await Promise.all(targets.map(attempt))).flat()));
process.exit();`;
  return JSON.parse(await node(bottle, program)) as string[];
}

/** A service of the host on all of its addresses, while the work is done. */
async function listening<T>(work: (port: number, seen: () => number) => Promise<T>): Promise<T> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, () => resolve());
  });
  const address = server.address();
  try {
    return await work(typeof address === 'object' && address !== null ? address.port : 0, () => connections);
  } finally {
    server.close();
  }
}

const outside = ['192.0.2.1', '1.1.1.1', '10.0.0.1', '169.254.169.254', '::ffff:1.1.1.1', '2606:4700::1111'];
const engines = ['127.0.0.1', '172.17.0.1'];

export const networkCases = bottleCases('Network', {
  'reaches no outside address, over IPv4 or IPv6, nor that of the metadata service': async (context) => {
    const targets = outside.flatMap((host) => [80, 443].map((port) => ({ host, port })));
    const seen = await reached(context, targets);
    expectThat(context, seen.length === 0, 'no way out', seen);
  },
  'reaches no service of the host, on any of its addresses': async (context) => {
    await listening(async (port, connections) => {
      const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
      const hosts = [...new Set(['127.0.0.1', '::1', ...addresses.map(({ address }) => address)])];
      const seen = await reached(
        context,
        hosts.map((host) => ({ host, port })),
      );
      const holds = seen.length === 0 && connections() === 0 && hosts.length > 2;
      expectThat(context, holds, 'the host does not answer', { seen, connections: connections() });
    });
  },
  'reaches no engine that listens on TCP': async (context) => {
    const targets = engines.flatMap((host) => [2375, 2376].map((port) => ({ host, port })));
    const seen = await reached(context, targets);
    expectThat(context, seen.length === 0, 'no engine', seen);
  },
  'sends no question to a resolver, and resolves no outside name': async (context) => {
    const asked = await questions(context);
    const found = await node(
      context.bottle,
      `import { lookup, Resolver } from 'node:dns/promises';
const looks = ['example.com', 'metadata.google.internal', 'x.example.org'].map((name) => lookup(name));
for (const server of ['127.0.0.1', '127.0.0.11', '172.17.0.1', '8.8.8.8']) {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([server]);
  looks.push(resolver.resolve4('example.com'));
}
const settled = await Promise.allSettled(looks);
console.log(settled.filter(({ status }) => status === 'fulfilled').length);
process.exit();`,
    );
    const packets = await asked.close();
    expectThat(context, found === '0' && packets === 0, 'nobody is asked', { found, packets });
  },
  'has no address of IPv6 but its loopback’s': async (context) => {
    const count = await node(context.bottle, ipv6);
    expectThat(context, count === '0', 'no IPv6', count);
  },
  'opens no raw and no packet socket': async (context) => {
    const seen = await rawSockets(context);
    expectThat(context, seen === 'refused', 'no raw socket', seen);
  },
});

const ipv6 = `import { readFileSync } from 'node:fs';
let text = '';
try { text = readFileSync('/proc/net/if_inet6', 'utf8'); } catch {}
console.log(text.split('\\n').filter((line) => line.trim() !== '' && !line.endsWith(' lo')).length);`;

/** Listens for questions where a resolver of the host may be. Without the right to, look-ups alone have to tell. */
async function questions(context: BottleContext): Promise<{ close(): Promise<number> }> {
  let packets = 0;
  const socket = createSocket('udp4');
  socket.on('message', () => (packets += 1));
  const isBound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(53, '127.0.0.1', () => resolve(true));
  });
  if (!isBound) {
    socket.close();
    return { close: async () => 0 };
  }
  // The look itself must be able to fail: the listener sees what the host sends.
  const probe = createSocket('udp4');
  const arrived = new Promise((resolve) => socket.once('message', resolve));
  await new Promise((resolve) => probe.send('x', 53, '127.0.0.1', resolve));
  await arrived;
  probe.close();
  expectThat(context, packets === 1, 'the listener hears', packets);
  packets = 0;
  return {
    close: async () => {
      socket.close();
      return packets;
    },
  };
}

async function rawSockets({ bottle }: BottleContext): Promise<string> {
  const script = `exec 2>/dev/null; for kind in "AF_INET, SOCK_RAW, 1" "17, SOCK_RAW, 0x300" "17, SOCK_DGRAM, 0x300"; do
perl -e "use Socket; exit(socket(my \\$s, $kind) ? 0 : 7)"; [ $? = 7 ] || echo open; done; echo refused`;
  const child = await bottle.spawn(['sh', '-c', script]);
  child.stdin.end();
  child.stderr.resume();
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return text.trim();
}
