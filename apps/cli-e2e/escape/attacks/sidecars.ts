import type { AttackClass } from '../attack.ts';
import type { Facts } from '../facts.ts';
import { curl, node, plain } from './steps.ts';

const flood = (at: Facts): string => `
import { connect } from 'node:net';
const sockets = [];
let refused = 0;
const open = (port, host, send) => new Promise((resolve) => {
  const socket = connect(port, host);
  socket.on('error', () => { refused += 1; resolve(); }).on('close', () => { refused += 1; resolve(); });
  socket.on('connect', () => { socket.write(send); sockets.push(socket); resolve(); });
});
for (let i = 0; i < 1400; i += 1) await open(9099, 'egress', 'CONNECT api.e2e.test:${at.port} HTTP/1.1\\r\\nHost: api.e2e.test:${at.port}\\r\\n\\r\\n');
for (let i = 0; i < 200; i += 1) await open(9420, 'git-gate', 'POST /project.git/git-receive-pack HTTP/1.1\\r\\nHost: git-gate:9420\\r\\nTransfer-Encoding: chunked\\r\\nContent-Type: application/x-git-receive-pack-request\\r\\n\\r\\n');
for (let i = 0; i < 200; i += 1) await open(9100, 'supervise', 'POST /mcp HTTP/1.1\\r\\nHost: supervise:9100\\r\\nContent-Length: 1000\\r\\n\\r\\n');
console.log('opened', sockets.length);
for (const socket of sockets) socket.destroy();
process.exit();`;

/** The sidecars themselves. */
export const sidecars: AttackClass = {
  id: 'sidecar',
  title: 'Killing and filling a sidecar',
  byUser: true,
  controls: [],
  attacks: [
    {
      id: 'sidecar/garbage',
      tries: 'heads without end, bodies without end, and bytes of chance at every sidecar',
      seen: 'each is refused or cut',
      steps: () => [
        plain(`GET / HTTP/1.1\r\nX-A: ${'a'.repeat(200_000)}`),
        plain(`GET ${'/a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
        plain(`${'\u0000\u00ff'.repeat(40_000)}\r\n\r\n`),
        { raw: { via: ['git-gate', 9420], send: `GET /${'a'.repeat(200_000)} HTTP/1.1\r\n\r\n` } },
        { raw: { via: ['supervise', 9100], send: `POST /mcp HTTP/1.1\r\nX: ${'a'.repeat(200_000)}` } },
        {
          sh: `head -c 3000000 /dev/zero | curl -sS -m 20 -i --noproxy '*' -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' --data-binary @- http://supervise:9100/mcp`,
        },
      ],
      denied: /HTTP\/1\.1 4\d\d|\[closed\]|\[ECONNRESET\]|\[EPIPE\]|Connection reset by peer/,
      silent: ['upstream'],
    },
    {
      id: 'sidecar/filling',
      tries: '1,400 tunnels, 200 pushes and 200 calls at once that say nothing more',
      seen: 'bounded; the next ordinary request, push and question are served',
      steps: (at) => [
        node(`${flood(at)}`, 90_000),
        {
          sh: `echo opened; curl -sS -m 30 https://api.e2e.test:${at.port}/v1/after && git ls-remote ${at.gitUrl} main && curl -sS -m 30 --noproxy '*' http://supervise:9100/health`,
          limitMs: 90_000,
        },
      ],
      denied: /^opened \d+\n|opened\nreached \/v1\/after.*refs\/heads\/main/s,
      silent: [],
    },
    {
      id: 'sidecar/killing',
      tries: 'STOP and KILL to every process that can be seen, but for the attacker’s own and init',
      seen: 'no sidecar ends',
      steps: (at) => [
        {
          sh: `for p in /proc/[0-9]*; do n=\${p#/proc/}; case "$n $(tr '\\0' ' ' < $p/cmdline 2>/dev/null)" in *driver.mts*|*bash*|*init*|"$n ") ;; *) kill -STOP $n 2>/dev/null; kill -CONT $n 2>/dev/null; kill -KILL $n 2>/dev/null ;; esac; done
curl -sS -m 30 https://api.e2e.test:${at.port}/v1/alive`,
        },
        ...curl(`https://api.e2e.test:${at.port}/v1/alive`),
      ],
      denied: /reached \/v1\/alive/,
      silent: [],
      after: async (arena) =>
        /the sidecar \S+ ended/.test(arena.said()) ? `a sidecar ended: ${arena.said()}` : null,
    },
    {
      id: 'sidecar/all-at-once',
      tries: 'KILL to everything at once, init too: a bottle that goes on without whoever watches it',
      seen: 'the bottle ends, and nothing of it goes on; other bottles do',
      steps: () => [],
      denied: /./,
      silent: [],
      after: async (arena) => {
        await arena.cli(['exec', arena.facts.slug, '--', 'sh', '-c', 'kill -9 -1']);
        await arena.ended();
        const { stdout } = await arena.cli(['list', 'active', '--json']);
        const listed = (JSON.parse(stdout) as Array<{ identity: string }>).map(({ identity }) => identity);
        const goesOn = listed.includes(arena.facts.slug);
        return goesOn || listed.length !== 1 ? `these run: ${listed.join(' ')}` : null;
      },
    },
  ],
};
