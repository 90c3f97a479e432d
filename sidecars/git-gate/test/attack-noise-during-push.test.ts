import { describe, expect, test } from 'vitest';
import { pkt, receivePackHeaders } from './support/pkt-line.ts';
import { rawBytes, rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const receivePack =
  'POST /project.git/git-receive-pack HTTP/1.1\r\nHost: git-gate:9420\r\n' +
  Object.entries(receivePackHeaders)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

/** Connections that never finish what they began; each ends when the gate has had enough of it. */
const stalls: ReadonlyArray<readonly string[]> = [
  [],
  ['POST /project.git/git-rec'],
  ['GET /project.git/info/refs?service=git-receive-pack HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  [`${receivePack}Content-Length: 100000\r\n\r\n`, pkt('shallow ').toString('latin1')],
  [`${receivePack}Transfer-Encoding: chunked\r\n\r\n`, 'fff\r\n0000'],
];
const garbage: readonly Buffer[] = [
  Buffer.alloc(2000, '\x16\x03\x01'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('GET /project.git/info/refs HTTP/1.1\r\n\r\n\0\0\0'),
  Buffer.alloc(100_000, 'a'),
];

describe.skipIf(sshd === null)('while others stall and send garbage', () => {
  const scenes = useScenes();

  test(
    'every push lands, and nobody who stalls is waited for without end',
    { timeout: 120_000 },
    async () => {
      const { gate, client, sshUrl, refs } = await scenes.open({ limits: { idle_seconds: 5 } });
      await client.must('clone', '-q', sshUrl(), 'repo');
      const others = [...stalls, ...stalls.slice(0, 3), ...stalls.slice(0, 3)].map((parts) =>
        rawBytes(gate.port, parts),
      );
      let isOver = false;
      const noise = (async () => {
        while (!isOver) await Promise.all(garbage.map((bytes) => rawBytes(gate.port, [bytes])));
      })();
      const wanted = new Map<string, string>();
      for (const name of ['one', 'two', 'three']) {
        const head = await client.commit('repo', { [`${name}.txt`]: `${name}\n` });
        wanted.set(`refs/heads/agent/${name}`, head);
        const { code, stderr } = await client.git('-C', 'repo', 'push', 'origin', `HEAD:agent/${name}`);
        expect(code, stderr).toBe(0);
      }
      isOver = true;
      await noise;
      // the gate ends each of them: otherwise this does not resolve
      await Promise.all(others);
      const after = new Map([...(await refs())].filter(([ref]) => ref !== 'refs/heads/main'));
      expect(after).toEqual(wanted);
      expect((await rawRequest(gate.port, { target: '/health' })).status).toBe(200);
    },
  );
});
