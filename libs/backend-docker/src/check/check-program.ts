/**
 * Looks from inside for anything but the sidecars that answers; runs in the guest's Node.js as one text. Its input is
 * a `CheckRequest` as JSON, its output a JSON list of what was found.
 */
export const checkProgram = `
import { Resolver } from 'node:dns/promises';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';

const request = JSON.parse(await text(process.stdin));
const lines = (path) => {
  try { return readFileSync(path, 'latin1').split('\\n').filter((line) => line !== ''); } catch { return []; }
};
const answers = ({ host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port });
  const settle = (result) => { socket.destroy(); resolve(result); };
  socket.setTimeout(request.limitMs, () => settle(false));
  socket.once('connect', () => settle(true));
  socket.once('error', () => settle(false));
});
const replies = ({ host, port }) => new Promise((resolve) => {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const settle = (result) => { try { socket.close(); } catch {} resolve(result); };
  socket.once('message', () => settle(true));
  socket.once('error', () => settle(false));
  setTimeout(settle, request.limitMs, false);
  // a query for the root's name servers (RFC 1035)
  const query = Buffer.from('0001010000010000000000000000020001', 'hex');
  socket.send(query, port, host, (error) => { if (error) settle(false); });
});
// Not the system's look-up, which cannot be given up: the process would wait for it at its end.
const resolver = new Resolver({ timeout: request.nameLimitMs, tries: 1 });
const resolves = async (name) =>
  lines('/etc/hosts').some((line) => line.split(/\\s+/).includes(name)) ||
  (await Promise.race([
    Promise.any([resolver.resolve4(name), resolver.resolve6(name)]).then(() => true, () => false),
    new Promise((resolve) => setTimeout(resolve, request.nameLimitMs, false)),
  ]));
const show = ({ host, port }) => (isIPv6(host) ? '[' + host + ']' : host) + ':' + port;
const found = await Promise.all([
  ...request.closed.map(async (target) => ((await answers(target)) ? show(target) + ' answers' : null)),
  ...request.resolvers.map(async (host) =>
    (await replies({ host, port: 53 })) ? 'a resolver at ' + host + ' answers' : null),
  ...request.names.map(async (name) => ((await resolves(name)) ? 'DNS resolves ' + name : null)),
]);
const addresses = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
  (list ?? []).filter(({ internal }) => !internal).map(({ address }) => ({ name, address })));
for (const { name, address } of addresses)
  if (address !== request.own) found.push('there is an address ' + address + ' on ' + name);
if (!addresses.some(({ address }) => address === request.own)) found.push('its own address is missing');
const number = (hex) => [6, 4, 2, 0].map((at) => parseInt(hex.slice(at, at + 2), 16)).join('.');
for (const line of lines('/proc/self/net/route').slice(1)) {
  const [, target = '', gateway = ''] = line.trim().split(/\\s+/).map(String);
  // Some engines set one to the gateway's address of an internal network too, where nobody is.
  if (gateway !== '00000000' && number(gateway) !== request.gateway)
    found.push('there is a route to ' + number(target) + ' through ' + number(gateway));
}
for (const line of lines('/proc/self/net/ipv6_route'))
  if (line.trim().split(/\\s+/).at(-1) !== 'lo') found.push('there is a route of IPv6');
// A neighbour that answered at the gateway's address is the host, whatever it lets through.
for (const line of lines('/proc/self/net/arp').slice(1)) {
  const [address, , flags] = line.trim().split(/\\s+/);
  if (flags === '0x2' && !request.neighbours.includes(address)) found.push(address + ' is a neighbour');
}
process.stdout.write(JSON.stringify(found.filter((problem) => problem !== null)), () => process.exit(0));
`;
