import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeForge } from '@bot-bottle/git-gate/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUpstream, sshd, type Upstream } from '../../../sidecars/git-gate/test/support/sshd.ts';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { processTree } from './support/processes.ts';
import { filesHolding, plantedSecret } from './support/secrets.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);

describe.skipIf(sshd === null || operator === undefined)('deploy keys of a launch', () => {
  const forgeToken = plantedSecret('forge');
  const env = { E2E_FORGE_TOKEN: forgeToken };
  let world: World;
  let upstream: Upstream;
  let forge: FakeForge;
  let repository = '';

  beforeEach(async () => {
    if (operator === undefined) throw new Error('no operator');
    upstream = await createUpstream();
    await upstream.addRepo('project');
    forge = await FakeForge.start('gitlab');
    forge.state.admins.add(forgeToken);
    repository = upstream.repoPath('project').slice(1, -'.git'.length);
    forge.addRepo(repository);
    world = new World(operator);
    world.bottle(
      'keyed',
      [
        'agent_provider: { template: command }',
        'supervise: false',
        'git-gate:',
        '  repos:',
        '    project:',
        `      url: ${upstream.repoUrl('project')}`,
        `      provisioned_key: { provider: gitlab, token_ref: E2E_FORGE_TOKEN, api_url: "${forge.apiUrl}" }`,
        `      host_key: ${upstream.hostKey}`,
      ].join('\n'),
    );
    world.agent('worker', 'keyed');
  });
  afterEach(async () => {
    await world.close();
    await forge[Symbol.asyncDispose]();
    await upstream.stop();
  });

  /** What a forge does with a deploy key: its SSH server lets the holder in. */
  async function letIn(): Promise<string> {
    const { key } = await eventually('a key is registered', () => forge.keys(repository)[0]);
    appendFileSync(join(upstream.folder, 'authorized_keys'), `${key} deploy\n`);
    return key;
  }

  const clone = `until git clone -q ${'"$0"'} work 2> error.txt; do sleep 0.2; done; echo cloned`;
  const running = () =>
    world.start(
      ['run', 'worker', '--yes', '--', 'bash', '-c', `${clone}; sleep 600`, upstream.repoUrl('project')],
      { env },
    );

  it('the key is made for the launch, works, and is gone from the forge at the end', async () => {
    const ended = world.cli(
      ['run', 'worker', '--yes', '--', 'bash', '-c', clone, upstream.repoUrl('project')],
      { env },
    );
    await letIn();
    expect(await ended).toMatchObject({ code: 0, stdout: 'cloned\n' });
    expect(forge.keys(repository)).toEqual([]);
    expect(forge.requests.some((request) => request.startsWith('DELETE '))).toBe(true);
    expect(filesHolding(forgeToken, [world.dir])).toEqual([]);
  });

  it('a key that cannot be revoked is told, makes the exit code non-zero, and is found by cleanup', async () => {
    const ended = world.cli(
      ['run', 'worker', '--yes', '--', 'bash', '-c', clone, upstream.repoUrl('project')],
      { env },
    );
    await letIn();
    forge.fault = ({ method }) =>
      method === 'DELETE'
        ? { kind: 'reply', reply: { status: 503, body: { message: 'maintenance' } } }
        : null;
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/warning: .*deploy key.*bot-bottle cleanup/is);
    expect(forge.keys(repository)).toHaveLength(1);
    forge.fault = () => null;
    expect(await world.cli(['cleanup', '--yes'])).toMatchObject({ code: 1 });
    expect(forge.keys(repository)).toHaveLength(1);
    expect(await world.cli(['cleanup', '--yes'], { env })).toMatchObject({ code: 0 });
    expect(forge.keys(repository)).toEqual([]);
  });

  it('kill -9 of the launcher leaves a key that cleanup revokes', async () => {
    const child = running();
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await letIn();
    await eventually('the bottle has cloned', () => output.includes('cloned'), 60_000);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(forge.keys(repository)).toHaveLength(1);
    const { code, stderr } = await world.cli(['cleanup', '--yes'], { env });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(forge.keys(repository)).toEqual([]);
  });

  it('a forge that refuses the token stops the launch before the agent runs, and nothing is left', async () => {
    forge.state.admins.clear();
    const { code, stderr } = await world.run('worker', 'echo ran', { env });
    expect(code).toBe(125);
    expect(stderr).toMatch(/E2E_FORGE_TOKEN/);
    expect(stderr).not.toContain(forgeToken);
    expect(forge.keys(repository)).toEqual([]);
    expect((await world.cli(['cleanup', '--yes'], { env })).code).toBe(0);
  });

  it('the token is in no command line and in no environment but the launcher, and no file holds a private key', async () => {
    const child = running();
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await letIn();
    await eventually('the bottle has cloned', () => output.includes('cloned'), 60_000);
    const launcher = child.pid ?? 0;
    const below = processTree(launcher);
    expect(below.length).toBeGreaterThan(5);
    for (const pid of below) {
      expect(inProc(pid, 'cmdline')).not.toContain(forgeToken);
      if (pid !== launcher) expect(inProc(pid, 'environ')).not.toContain(forgeToken);
    }
    const texts = ['OPENSSH PRIVATE KEY', forgeToken];
    for (const text of texts) expect(filesHolding(text, [world.dir])).toEqual([]);
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
    expect(forge.keys(repository)).toEqual([]);
    for (const text of texts) expect(filesHolding(text, [world.dir])).toEqual([]);
  });
});

/** Empty for a process that is gone or that may not be read. */
function inProc(pid: number, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return '';
  }
}
