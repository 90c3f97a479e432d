import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderPreflight } from '../src/index.ts';
import { imageOverride } from '../src/plan/image-override.ts';
import { sampleAgent } from './sample-agent.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

const docker = { backend: { name: 'docker', reason: 'asked for' } } as const;
const provider = sampleAgent().bottle.agentProvider;
const withDockerfile = sampleAgent({
  bottle: { agentProvider: { ...provider, dockerfile: '/srv/Dockerfile' } },
});

describe('BOT_BOTTLE_IMAGE', () => {
  it('wins over what the manifest and the provider say, and the preflight says so', async () => {
    const env = { BOT_BOTTLE_IMAGE: 'agents.example:5000/team/agent:1.2' };
    const plan = await samplePlan(await tempDir(), withDockerfile, docker, { env });
    expect(plan.runtime).toMatchObject({ image: 'agents.example:5000/team/agent:1.2', dockerfile: null });
    expect(renderPreflight(plan)).toContain(
      '  image         agents.example:5000/team/agent:1.2 (BOT_BOTTLE_IMAGE)\n',
    );
  });

  it('changes nothing when it is absent or empty', async () => {
    for (const env of [{}, { BOT_BOTTLE_IMAGE: '' }]) {
      const plan = await samplePlan(await tempDir(), withDockerfile, docker, { env });
      expect(plan.runtime.dockerfile).toBe('/srv/Dockerfile');
      expect(renderPreflight(plan)).not.toContain('BOT_BOTTLE_IMAGE');
    }
  });

  it('wins over the image that was approved for the bottle, which stays for a launch without it', async () => {
    const folder = await tempDir();
    const state = join(folder, 'home/.bot-bottle/state/implementer-00000');
    await mkdir(state, { recursive: true, mode: 0o700 });
    await writeFile(join(state, 'Dockerfile'), 'FROM agent\nRUN true\n', { mode: 0o600 });
    const request = { ...docker, identity: 'implementer-00000' };
    const overridden = await samplePlan(folder, sampleAgent(), request, {
      env: { BOT_BOTTLE_IMAGE: 'agent:1' },
    });
    expect(overridden).toMatchObject({ rebuilt: null, runtime: { image: 'agent:1' } });
    const plain = await samplePlan(folder, sampleAgent(), request);
    expect(plain.rebuilt).toBe('FROM agent\nRUN true\n');
  });

  it('is nothing to a backend without images', () => {
    expect(imageOverride({ BOT_BOTTLE_IMAGE: 'not an image' }, { name: 'bubblewrap' })).toBeNull();
  });

  it.each(['a b', '--privileged', 'Upper', 'a:', 'a@sha256:1', '/a', `a${'b'.repeat(255)}`, 'a\nb', 'a\n'])(
    'is refused as %j',
    (value) => {
      expect(() => imageOverride({ BOT_BOTTLE_IMAGE: value }, { name: 'docker' })).toThrow(
        /BOT_BOTTLE_IMAGE is no name of an image/,
      );
    },
  );

  it.each(['a', 'a/b-c_d.e:v1', 'localhost/x', `a@sha256:${'0'.repeat(64)}`])('may be %s', (value) => {
    expect(imageOverride({ BOT_BOTTLE_IMAGE: value }, { name: 'docker' })).toBe(value);
  });
});
