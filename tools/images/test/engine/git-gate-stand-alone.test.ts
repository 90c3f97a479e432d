import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vendors } from '../../../../sidecars/git-gate/test/support/fake-secrets.ts';
import { createUpstream, sshd } from '../../../../sidecars/git-gate/test/support/sshd.ts';
import type { Upstream } from '../../../../sidecars/git-gate/test/support/sshd.ts';
import { built } from './support/built-images.ts';
import { logs, stops, told, turnsHealthy } from './support/container.ts';
import { missingEngine, missingReader } from './support/engine.ts';
import { forward } from './support/forward.ts';
import { out, ran } from './support/program.ts';
import { runReadme } from './support/readme-container.ts';
import type { StartedReadme } from './support/readme-container.ts';
import { openScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const git = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Agent',
  GIT_AUTHOR_EMAIL: 'agent@example.com',
  GIT_COMMITTER_NAME: 'Agent',
  GIT_COMMITTER_EMAIL: 'agent@example.com',
};

/** Where no Go is, the image has none, and the gate's own scanner works. */
const hasGitleaks = missingEngine === null && (await gitleaksWorks());

async function gitleaksWorks(): Promise<boolean> {
  const args = [
    'run',
    '--rm',
    '--network',
    'none',
    '--entrypoint',
    'gitleaks',
    built('sidecar-git-gate'),
    'version',
  ];
  const { code } = await ran('docker', args);
  if (code !== 0 && (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('gitleaks'))
    throw new Error('BOT_BOTTLE_REQUIRE names gitleaks, but the image has none');
  return code === 0;
}

describe.skipIf(missingReader !== null || sshd === null)('the git-gate image, as its README runs it', () => {
  let scene: Scene;
  let upstream: Upstream;
  let gate: StartedReadme;
  let closeForward = async (): Promise<void> => undefined;

  beforeAll(async () => {
    scene = await openScene();
    upstream = await createUpstream();
    await upstream.addRepo('app');
    // The server listens on loopback, which is another one in a container.
    const gateway = await scene.gateway();
    const { port, close } = await forward(gateway, upstream.port);
    closeForward = close;
    const url = `ssh://${upstream.user}@${gateway}:${port}${upstream.repoPath('app')}`;
    const repos = { app: { url, identity: 'deploy-key', host_key: upstream.hostKey } };
    await writeFile(join(scene.folder, 'gate.json'), JSON.stringify({ repos }));
    await writeFile(join(scene.folder, 'deploy-key'), upstream.clientKey, { mode: 0o600 });
    const extra = hasGitleaks ? ['--env', 'GIT_GATE_SCANNER=gitleaks'] : [];
    gate = await runReadme(scene, { sidecar: 'git-gate', port: 9420, extra });
    await turnsHealthy(scene, gate.container);
    await scene.sh(`git clone --quiet http://127.0.0.1:${gate.port}/app.git work`, git);
  });
  afterAll(async () => {
    await closeForward();
    await upstream?.stop();
    await scene?.close();
  });

  const push = (ref: string) =>
    ran('git', ['push', 'origin', `HEAD:${ref}`], { cwd: join(scene.folder, 'work'), env: git });

  it('serves a clone of what is behind ssh', async () => {
    const cwd = join(scene.folder, 'work');
    const head = await out('git', ['rev-parse', 'HEAD'], { cwd, env: git });
    expect((await upstream.refs('app')).get('refs/heads/main')).toBe(head);
  });

  it('forwards a push without findings', async () => {
    await scene.sh('cd work && echo fine > fine.txt && git add . && git commit --quiet -m fine', git);
    const { code, stderr } = await push('agent/fine');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect([...(await upstream.refs('app')).keys()]).toContain('refs/heads/agent/fine');
  });

  it('refuses a push with a secret in an earlier commit', async () => {
    const secret = vendors.github('images');
    await writeFile(join(scene.folder, 'work/settings.txt'), `token = "${secret}"\n`);
    await scene.sh(
      'cd work && git add . && git commit --quiet -m settings && git rm --quiet settings.txt',
      git,
    );
    await scene.sh('cd work && git commit --quiet -m cleaned', git);
    const { code, stderr } = await push('agent/secret');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate:');
    expect([...(await upstream.refs('app')).keys()]).not.toContain('refs/heads/agent/secret');
    expect(await logs(gate.container)).not.toContain(secret);
  });

  it.skipIf(!hasGitleaks)('scans with the gitleaks of the image', async () => {
    // Set to gitleaks it does not even start without.
    const env = ['inspect', '--format', '{{json .Config.Env}}', gate.container];
    expect(await out('docker', env)).toContain('GIT_GATE_SCANNER=gitleaks');
  });

  it('shows its key to nobody who asks the engine', async () => {
    const lines = (await readFile(join(scene.folder, 'config/deploy-key'), 'utf8')).split('\n');
    const [, keyLine = ''] = lines;
    expect(keyLine.length).toBeGreaterThan(40);
    expect(await told(gate.container)).not.toContain(keyLine);
  });

  it('ends in time when it is stopped', async () => {
    const { code, ms } = await stops(gate.container);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(8_000);
  });
});
