import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gitleaks } from './support/gate.ts';
import { useScenes } from './support/scene.ts';
import type { Scene, SceneOptions } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a scanner that is not what it should be', () => {
  const scenes = useScenes();

  async function refused(scene: Scene): Promise<string> {
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    await scene.client.commit('repo', { 'n.txt': 'n\n' });
    const before = await scene.refs();
    const { code, stderr } = await scene.client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/new');
    expect(stderr).toContain('remote: git-gate: scanner_unavailable');
    expect(code).not.toBe(0);
    expect(await scene.refs()).toEqual(before);
    expect(scene.gate.events).toContainEqual(
      expect.objectContaining({ action: 'push', code: 'scanner_unavailable' }),
    );
    return stderr;
  }

  async function fake(script: string, options: SceneOptions = {}): Promise<Scene> {
    const path = join(scenes.upstream().folder, `gitleaks-${Math.random().toString(36).slice(2)}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return await scenes.open({ ...options, scanner: 'gitleaks', gitleaks: path });
  }

  test('asked for and not installed: every push is refused', async () => {
    await refused(await scenes.open({ scanner: 'gitleaks', gitleaks: null }));
  });

  test('asked for and gone since: every push is refused', async () => {
    await refused(await scenes.open({ scanner: 'gitleaks', gitleaks: '/nowhere/gitleaks' }));
  });

  test.each([
    ['crashes', 'exit 2'],
    ['dies of a signal', 'kill -SEGV $$'],
    ['finds nothing and is happy', `echo '[]'; exit 0`],
    ['says nothing and is happy', 'exit 0'],
    ['prints what is no JSON', 'echo no json at all'],
    ['prints JSON that is no report', `echo '{"a":1}'`],
    ['prints half a report', `printf '[{"RuleID":"gitlab-pat",'`],
    [
      'prints without end',
      'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
    ],
    ['wants input for ever', 'cat'],
  ])('one that %s refuses the push', { timeout: 60_000 }, async (_, script) => {
    await refused(await fake(script, { limits: { transfer_seconds: 5 } }));
  });

  test('one that hangs refuses the push and is ended', { timeout: 60_000 }, async () => {
    const pid = join(scenes.upstream().folder, 'hanging');
    await refused(await fake(`echo $$ > ${pid}\nexec sleep 600`, { limits: { transfer_seconds: 3 } }));
  });

  test('auto with one that fails never falls back to the other', async () => {
    const path = join(scenes.upstream().folder, 'gitleaks-auto');
    await writeFile(path, `#!/bin/sh\necho '[]'\n`, { mode: 0o755 });
    await refused(await scenes.open({ scanner: 'auto', gitleaks: path }));
  });

  test('auto without gitleaks uses the built-in one and says so', async () => {
    const scene = await scenes.open({ scanner: 'auto', gitleaks: null });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    await scene.client.commit('repo', { 'n.txt': 'n\n' });
    const { code, stderr } = await scene.client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/new');
    expect(code, stderr).toBe(0);
    expect(JSON.stringify(scene.gate.events)).toContain('builtin');
  });

  test.skipIf(gitleaks === null)('the real one lets the same push pass', async () => {
    const scene = await scenes.open({ scanner: 'gitleaks' });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    await scene.client.commit('repo', { 'n.txt': 'n\n' });
    const { code, stderr } = await scene.client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/new');
    expect(code, stderr).toBe(0);
    expect(JSON.stringify(scene.gate.events)).toContain('gitleaks');
  });
});
