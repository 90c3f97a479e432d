import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from './support/client.ts';
import { gitleaks } from './support/gate.ts';
import { startGateProcess } from './support/gate-process.ts';
import { createUpstream, sshd } from './support/sshd.ts';
import type { Upstream } from './support/sshd.ts';

const MIB = 1024 * 1024;
/** Growth over the idle process. Buffers, not the body. */
const MOST_GROWTH = 150 * MIB;

/**
 * Noise that hardly compresses, the same every time. Without ASCII: of the short words that make gitleaks try a rule on
 * a text, bytes of every value hold many by chance, and it then takes a minute for what is not what is tested here.
 */
function* noise(bytes: number, seed: string): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  for (let left = bytes; left > 0; left -= MIB) {
    const part = cipher.update(Buffer.alloc(Math.min(MIB, left)));
    for (const [at, byte] of part.entries()) part[at] = byte | 0x80;
    yield part;
  }
}

describe.skipIf(sshd === null)('hundreds of MiB in one push', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await createUpstream();
  });
  afterAll(async () => await upstream.stop());

  // gitleaks takes several times as long, and what it reads is not in the gate's memory
  const cases = (
    [
      ['builtin', 300 * MIB],
      ['gitleaks', 150 * MIB],
    ] as const
  ).filter(([scanner]) => scanner === 'builtin' || gitleaks !== null);
  test.each(cases)(
    'arrive, with %s, in memory that does not grow with them',
    { timeout: 600_000 },
    async (scanner, size) => {
      const name = `large-${scanner}`;
      await upstream.addRepo(name);
      const gate = await startGateProcess({ upstream, scanner, repos: [{ name }] });
      const client = await createClient({
        insteadOf: { [upstream.repoUrl(name)]: gate.url(name) },
        config: { 'core.bigFileThreshold': '1m', 'pack.threads': '1', 'core.compression': '0' },
      });
      try {
        await client.must('clone', '-q', upstream.repoUrl(name), 'repo');
        const idle = await gate.peak();
        await mkdir(client.at('repo', 'data'));
        for (const part of ['a', 'b', 'c']) {
          await pipeline(
            Readable.from(noise(size / 3, part)),
            createWriteStream(client.at('repo', 'data', part)),
          );
        }
        const head = await client.commit('repo', {});
        const { code, stderr } = await client.run(['-C', 'repo', 'push', 'origin', 'HEAD:agent/large'], {
          timeoutMs: 580_000,
        });
        expect(code, stderr).toBe(0);
        expect((await upstream.refs(name)).get('refs/heads/agent/large')).toBe(head);
        const growth = (await gate.peak()) - idle;
        expect(growth / MIB).toBeLessThan(MOST_GROWTH / MIB);
      } finally {
        await client.remove();
        await gate.close();
      }
    },
  );
});
