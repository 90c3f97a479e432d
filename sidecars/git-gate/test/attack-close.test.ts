import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { proposalIdOf, pushFixture } from './push-fixture.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a held push that is being forwarded when the gate closes', () => {
  test('is not reported as not forwarded when the upstream took it', { timeout: 60_000 }, async () => {
    const fixture = await pushFixture({ supervise: true });
    try {
      const { client, upstream, server } = fixture;
      await client.commit('repo', { '.gitmodules': 'x\n' });
      const pushing = client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/a');
      await fixture.proposed(1);
      const mark = `${upstream.folder}/in-hook`;
      await upstream.setHook('project', 'pre-receive', `#!/bin/sh\ntouch ${mark}\nsleep 2\n`);
      const deciding = server.decide({ proposal: proposalIdOf(0), outcome: 'approved', reason: '' });
      while (!existsSync(mark)) await delay(20);
      await server.close();
      await deciding;
      const { code, stderr } = await pushing;
      expect((await upstream.refs('project')).has('refs/heads/agent/a')).toBe(true);
      expect(stderr).not.toContain('not forwarded');
      expect(code).toBe(0);
    } finally {
      await fixture.close();
    }
  });
});
