import { FakeForge } from '@bot-bottle/git-gate/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUpstream, sshd, type Upstream } from '../../../sidecars/git-gate/test/support/sshd.ts';
import { killed, resumable, resume } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { plantedSecret } from './support/secrets.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);

describe.skipIf(sshd === null || operator === undefined)('deploy keys of a bottle that is resumed', () => {
  const forgeToken = plantedSecret('forge');
  const options = { env: { E2E_FORGE_TOKEN: forgeToken } };
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
        'agent_provider: { template: command, command: [bash] }',
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
    await world.cli(['cleanup', '--yes'], options);
    await world.close();
    await forge[Symbol.asyncDispose]();
    await upstream.stop();
  });

  it('are made anew, and those of the life that was killed are revoked at its end too', async () => {
    const identity = await killed(world, 'true', [], options);
    const earlier = forge.keys(repository);
    expect(earlier).toHaveLength(1);
    const made = forge.requests.length;
    expect(await resume(world, identity, 'echo again', [], options)).toMatchObject({
      code: 0,
      stdout: 'again\n',
    });
    expect(forge.requests.slice(made).some((request) => request.startsWith('POST '))).toBe(true);
    expect(forge.keys(repository)).toEqual([]);
    expect(await resumable(world)).toEqual([]);
  });

  it('a forge that refuses stops the launch, and the work is still there', async () => {
    const identity = await killed(world, 'echo work > ~/work', [], options);
    forge.state.admins.clear();
    const refused = await resume(world, identity, 'cat ~/work', [], options);
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).not.toContain(forgeToken);
    forge.state.admins.add(forgeToken);
    expect(await resume(world, identity, 'cat ~/work', [], options)).toMatchObject({
      code: 0,
      stdout: 'work\n',
    });
    expect(forge.keys(repository)).toEqual([]);
  });
});
