import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a push that is still looked at when the gate stops', () => {
  const scenes = useScenes();

  test('ends on the client, with a reason', { timeout: 60_000 }, async () => {
    const folder = scenes.upstream().folder;
    const [program, started] = [join(folder, 'gitleaks-slow'), join(folder, 'slow-started')];
    await writeFile(program, `#!/bin/sh\n: > ${started}\nexec sleep 600\n`, { mode: 0o755 });
    const scene = await scenes.open({ scanner: 'gitleaks', gitleaks: program });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    await scene.client.commit('repo', { 'n.txt': 'n\n' });
    const pushing = scene.client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/new');
    await vi.waitUntil(() => existsSync(started), { timeout: 20_000 });
    await scene.gate.server.close();
    const { code, stderr } = await pushing;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/git-gate: .*(?:cut off|shutting_down)/);
  });
});
