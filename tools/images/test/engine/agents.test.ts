import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVersions } from '../../src/read-versions.ts';
import { builtImages } from './support/built-images.ts';
import { missingEngine } from './support/engine.ts';
import { out } from './support/program.ts';
import { openScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const names = new Set(builtImages().map(({ name }) => name));

describe.skipIf(missingEngine !== null)('the images of agents', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(async () => await scene?.close());

  const inAgent = (name: string, ...command: string[]): Promise<string> => {
    const reference = builtImages().find((each) => each.name === name)?.reference ?? '';
    const closed = [
      '--network',
      'none',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
      '--init',
    ];
    const writable = ['--read-only', '--tmpfs', '/tmp', '--tmpfs', '/home/node:uid=1000,gid=1000,mode=700'];
    return out('docker', ['run', '--rm', ...closed, ...writable, reference, ...command]);
  };

  it('run the pinned Claude Code', async () => {
    const { version } = (await readVersions()).claude;
    expect(await inAgent('agent-claude', 'claude', '--version')).toContain(version);
  });

  it('run the pinned Codex', async () => {
    const { version } = (await readVersions()).codex;
    expect(await inAgent('agent-codex', 'codex', '--version')).toContain(version);
  });

  it.each(['agent-command', 'agent-claude', 'agent-codex'].filter((name) => names.has(name)))(
    '%s has the tools of an agent',
    async (name) => {
      const tools = ['git', 'curl', 'ssh', 'node', 'jq', 'less', 'patch', 'ps', 'rg', 'unzip', 'xz'];
      const found = await inAgent(
        name,
        'sh',
        '-c',
        `for tool in ${tools.join(' ')}; do command -v $tool; done`,
      );
      expect(found.split('\n')).toHaveLength(tools.length);
      expect(await inAgent(name, 'sh', '-c', 'touch ~/file && id -un')).toBe('node');
    },
  );
});
