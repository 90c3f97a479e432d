import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { proposalIdOf, pushFixture } from './push-fixture.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('what is held', () => {
  test('counts against max_bytes also while the launcher still takes it', { timeout: 60_000 }, async () => {
    const limit = 250_000;
    const { promise: go, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    const fixture = await pushFixture({
      supervise: true,
      limits: { hold_seconds: 1 },
      push: { max_bytes: limit },
      propose: async () => {
        const id = proposalIdOf(asked++);
        if (asked === 2) resolve();
        await Promise.race([go, delay(3000)]);
        return { id };
      },
    });
    try {
      const { client, events } = fixture;
      const main = await client.must('-C', 'repo', 'rev-parse', 'HEAD');
      const commits: string[] = [];
      for (const name of ['a', 'b']) {
        await client.must('-C', 'repo', 'reset', '-q', '--hard', main);
        commits.push(
          await client.commit(
            'repo',
            { '.gitmodules': `[a]\n\tx = ${randomBytes(150_000).toString('hex')}\n` },
            name,
          ),
        );
      }
      await Promise.all(
        commits.map((oid, index) =>
          client.git('-C', 'repo', 'push', 'origin', `${oid}:refs/heads/agent/${index}`),
        ),
      );
      const held = events
        .filter(({ outcome }) => outcome === 'held')
        .map(({ details }) => Number(details?.['bytes']));
      expect(held).toHaveLength(1);
      expect(held.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(limit);
    } finally {
      await fixture.close();
    }
  });
});
