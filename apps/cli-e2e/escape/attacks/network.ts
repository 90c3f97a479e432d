import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '../../test/support/eventually.ts';
import type { AttackClass } from '../attack.ts';
import { outside, type Facts } from '../facts.ts';
import { curl, node, reach, unreached } from './steps.ts';

const isV6 = (address: string): boolean => address.includes(':');
const v4Of = (at: Facts): string[] => [...at.hostAddresses.filter((address) => !isV6(address)), at.decoy];

/** Sends one datagram to each target and waits for any answer. */
const datagrams = (targets: ReadonlyArray<readonly [string, number]>, text: string): string => `
import { createSocket } from 'node:dgram';
await Promise.all(${JSON.stringify(targets)}.map(([host, port]) => new Promise((resolve) => {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const say = (what) => { console.log(host, port, what); socket.close(); resolve(); };
  socket.on('error', (error) => say(error.code));
  socket.once('message', () => say('answered'));
  socket.send(${JSON.stringify(text)}, port, host, (error) => error ? say(error.code) : setTimeout(() => say('ESILENT'), 800));
})));
process.exit();`;

/** One question for an address record (RFC 1035), as a binary text of JavaScript. */
const question = (name: string): string =>
  String.raw`\u0012\u0034\u0001\u0000\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000` +
  name
    .split('.')
    .map((label) => String.raw`\u00` + label.length.toString(16).padStart(2, '0') + label)
    .join('') +
  String.raw`\u0000\u0000\u0001\u0000\u0001`;

const asks = (at: Facts, servers: readonly string[]): string => `
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
const query = Buffer.from("${question(`${at.nonce}.example`)}", 'latin1');
const framed = Buffer.concat([Buffer.from([0, query.length]), query]);
const over = (host) => [new Promise((resolve) => {
  const socket = createSocket('udp4');
  const say = (what) => { console.log(host, 'udp', what); socket.close(); resolve(); };
  socket.on('error', (error) => say(error.code));
  // The engine's own resolver, which knows names of containers only, says so itself.
  socket.once('message', (answer) => say((answer[3] & 15) === 0 ? 'answered' : 'EREFUSED'));
  socket.send(query, 53, host, (error) => error ? say(error.code) : setTimeout(() => say('ESILENT'), 2500));
}), new Promise((resolve) => {
  const socket = connect(53, host);
  const say = (what) => { console.log(host, 'tcp', what); socket.destroy(); resolve(); };
  socket.setTimeout(2500, () => say('ESILENT'));
  socket.on('error', (error) => say(error.code));
  socket.on('end', () => say('ESILENT'));
  socket.on('connect', () => socket.write(framed));
  socket.on('data', (answer) => say((answer[5] & 15) === 0 ? 'answered' : 'EREFUSED'));
})];
await Promise.all(${JSON.stringify(servers)}.flatMap(over));
process.exit();`;

/** Perl that opens one kind of socket and sends through it. */
const socketKinds = `
use Socket; use Errno;
my $to = pack_sockaddr_in(0, inet_aton("${outside.v4}"));
for (["icmp", AF_INET, SOCK_RAW, 1], ["ping", AF_INET, SOCK_DGRAM, 1], ["ip", AF_INET, SOCK_RAW, 255], ["tcp", AF_INET, SOCK_RAW, 6],
     ["icmp6", 10, SOCK_RAW, 58], ["packet", 17, SOCK_RAW, 0x300], ["packet", 17, SOCK_DGRAM, 0x300]) {
  my ($name, $family, $type, $protocol) = @$_;
  if (!socket(my $s, $family, $type, $protocol)) { print "$name E", uc(join "", "$!" =~ /[a-z]+/gi), "\\n"; next }
  print "$name ", (send($s, pack("C2n3", 8, 0, 0, 1, 1), 0, $to) ? "sent" : "E" . uc(join "", "$!" =~ /[a-z]+/gi)), "\\n";
}`;

/** Ways past the proxy. */
export const network: AttackClass = {
  id: 'network',
  title: 'Around the proxy',
  byUser: true,
  controls: [
    {
      id: 'network/decoys',
      does: 'the host itself connects and sends to the decoys',
      steps: () => [],
      after: async (arena) => {
        const { decoyPort, udpPort } = arena.facts;
        for (const host of ['127.0.0.1', '::1']) {
          const socket = connect({ host, port: decoyPort });
          socket.resume();
          await once(socket, 'close');
        }
        const before = (await arena.notes('decoy')).length;
        const datagram = createSocket('udp4');
        await new Promise((resolve) => datagram.send('x', udpPort, '127.0.0.1', resolve));
        datagram.close();
        await eventually('the datagram is noted', async () => (await arena.notes('decoy')).length > before);
        return null;
      },
      answered: /./,
      noted: ['decoy'],
    },
  ],
  attacks: [
    {
      id: 'network/ipv4',
      tries: 'TCP to every address of the host, the upstream, and an outside address',
      seen: 'every connection fails',
      steps: (at) => [
        reach([...v4Of(at), '127.0.0.1'].map((host) => ({ host, port: at.decoyPort }))),
        reach([
          { host: at.upstream, port: at.port },
          { host: at.decoy, port: at.port },
          { host: outside.v4, port: 443 },
        ]),
      ],
      denied: unreached,
      silent: ['decoy', 'upstream', 'wire'],
    },
    {
      id: 'network/ipv6',
      tries: 'TCP over IPv6 to every address of the host, its loopback, and an outside address',
      seen: 'every connection fails',
      steps: (at) => [
        reach(
          ['::1', '::ffff:127.0.0.1', outside.v6, 'fe80::1', ...at.hostAddresses.filter(isV6)].map(
            (host) => ({
              host,
              port: at.decoyPort,
            }),
          ),
        ),
      ],
      denied: unreached,
      silent: ['decoy', 'wire'],
    },
    {
      id: 'network/udp',
      tries: 'UDP to every address of the host and to outside addresses',
      seen: 'no answer, and nothing arrives',
      steps: (at) => [
        node(
          datagrams(
            [
              ...at.hostAddresses.map((host) => [host, at.udpPort] as const),
              [at.decoy, at.udpPort],
              [outside.v4, 443],
              [outside.v6, 443],
            ],
            at.nonce,
          ),
        ),
      ],
      denied: unreached,
      silent: ['decoy', 'wire'],
    },
    {
      id: 'network/icmp-raw',
      tries: 'ICMP, ping, raw IP and packet sockets',
      seen: 'no socket opens, or nothing can be sent through it',
      steps: () => [{ sh: `perl -e '${socketKinds}'` }],
      denied: unreached,
      silent: ['wire'],
    },
    {
      id: 'network/dns-configured',
      tries: 'names with data in them, asked of the resolver that the bottle is told',
      seen: 'no name resolves; no question leaves the bottle',
      steps: (at) => [
        { sh: `getent hosts ${at.nonce}.example || getent ahosts x.${at.nonce}.example || echo no name` },
        node(`
import { lookup, Resolver } from 'node:dns/promises';
const name = '${at.nonce}.example';
const resolver = new Resolver({ timeout: 1000, tries: 1 });
const all = await Promise.allSettled([lookup(name), lookup('metadata.google.internal'), resolver.resolve4(name), resolver.resolveTxt('t.' + name), resolver.resolveAny(name)]);
console.log(all.some(({ status }) => status === 'fulfilled') ? 'answered' : 'no name');
process.exit();`),
      ],
      denied: /no name/,
      silent: ['resolver', 'wire'],
    },
    {
      id: 'network/dns-outside',
      tries:
        'questions over UDP and TCP to an outside resolver, to the one that egress uses, and to addresses of the host and the engine',
      seen: 'no answer; no question leaves the bottle',
      steps: (at) => [node(asks(at, [outside.v4, at.resolver, ...v4Of(at), '127.0.0.11']))],
      denied: unreached,
      silent: ['resolver', 'wire'],
    },
    {
      id: 'network/proxy-unset',
      tries: 'the proxy variables unset, with the name and with the upstream’s address',
      seen: 'no name resolves, no address answers',
      steps: (at) =>
        [
          '',
          `--resolve api.e2e.test:${at.port}:${at.upstream}`,
          `--connect-to ::${at.decoy}:${at.decoyPort}`,
        ].map((option) => ({
          sh: `env -u HTTPS_PROXY -u https_proxy -u HTTP_PROXY -u http_proxy -u ALL_PROXY curl -sSk -m 5 ${option} https://api.e2e.test:${at.port}/v1/me`,
        })),
      denied: /curl: \((?:6|7|28)\)/,
      silent: ['upstream', 'decoy', 'wire'],
    },
    {
      id: 'network/noproxy',
      tries: '`--noproxy`, `NO_PROXY=*`, and a client that knows no proxy',
      seen: 'no name resolves, no address answers',
      steps: (at) => {
        const to = `-k -m 5 --resolve api.e2e.test:${at.port}:${at.upstream} https://api.e2e.test:${at.port}/v1/me`;
        return [
          ...curl(`--noproxy '*' ${to}`, `--noproxy '*' -m 5 https://api.e2e.test:${at.port}/`),
          { sh: `NO_PROXY='*' no_proxy='*' curl -sS ${to}` },
          {
            sh: `NODE_USE_ENV_PROXY=0 node -e "fetch('https://${at.upstream}:${at.port}/').catch((e) => console.log('curl: (7)', e.cause.code))"`,
          },
        ];
      },
      denied: /curl: \((?:6|7|28)\)/,
      silent: ['upstream', 'wire'],
    },
    {
      id: 'network/other-sidecar-ports',
      tries: 'every other port of what answers to the names of the sidecars',
      seen: 'only 9099, 9420 and 9100 accept a connection',
      steps: (at) => [
        node(
          `
import { connect } from 'node:net';
// One loopback has all three names on bubblewrap.
for (const [host, open] of [['egress', 9099], ['git-gate', 9420], ['supervise', 9100]].slice(0, ${at.backend === 'docker' ? 3 : 1})) {
  const found = [];
  let next = 1;
  const one = () => new Promise((resolve) => {
    const port = next++;
    const socket = connect(port, host);
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('connect', () => { found.push(port); socket.destroy(); });
    socket.on('error', () => {}).on('close', resolve);
  });
  await Promise.all(Array.from({ length: 200 }, async () => { while (next < 12000) await one(); }));
  const ours = [9099, 9420, 9100];
  console.log(host, found.includes(open) && found.every((port) => ours.includes(port)) ? 'ECLOSED' : 'open: ' + found);
}
process.exit();`,
          90_000,
        ),
      ],
      denied: unreached,
      silent: [],
    },
  ],
};
