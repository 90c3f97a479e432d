import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relayEngine, type EngineRelay } from '../../../libs/backend-docker/test/support/engine-relay.ts';
import { askingAgent } from './support/asking-agent.ts';
import { baseImage, docker, ownedBy } from './support/docker-engine.ts';
import { canRunOnDocker, DockerWorld } from './support/docker-world.ts';
import { eventually } from './support/eventually.ts';
import { sshKeys } from './support/ssh-keys.ts';
import type { CliOptions } from './support/world.ts';

interface Running {
  readonly child: ChildProcess;
  readonly slug: string;
  readonly said: () => string;
}

/** What goes wrong around a bottle with every sidecar, as its operator sees it. */
describe.skipIf(!canRunOnDocker)('on docker, when something breaks', () => {
  let world: DockerWorld;
  beforeAll(() => {
    world = new DockerWorld();
    const { identity, hostKey } = sshKeys(world);
    world.bottle(
      'full',
      [
        'agent_provider: { template: command }',
        'git-gate:',
        '  repos:',
        '    project:',
        '      url: ssh://git@git.e2e.test:22/project.git',
        `      identity: ${identity}`,
        `      host_key: ${hostKey}`,
      ].join('\n'),
    );
    world.agent('worker', 'full');
    world.bottle('plain', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('simple', 'plain');
  });
  afterAll(() => world.close());

  const start = async (agent: string, options: CliOptions = {}): Promise<Running> => {
    const child = world.start(['run', agent, '--yes', '--', 'sleep', '600'], options);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const slug = await eventually(
      'the bottle is listed',
      async () => {
        if (child.exitCode !== null) throw new Error(text);
        return (await world.active())[0];
      },
      240_000,
    );
    return { child, slug, said: () => text };
  };
  const end = async ({ child }: Running): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };

  it('each sidecar that is killed is told and started anew, the others and the agent go on', async () => {
    const running = await start('worker');
    const { slug, said } = running;
    const inside = async (script: string): Promise<string> =>
      (await world.cli(['exec', slug, '--', 'bash', '-c', script])).stdout;
    const answers = {
      egress: ['curl -sS -m 9 https://undeclared.example/', 'host_not_allowed'],
      'git-gate': [
        'curl -s -m 9 --noproxy "*" -o /dev/null -w "%{http_code}" http://git-gate:9420/other.git/info/refs',
        '404',
      ],
      supervise: [`${askingAgent}rpc tools/list '{}'`, 'egress-block'],
    } as const;
    const serves = async (name: keyof typeof answers): Promise<boolean> =>
      (await inside(answers[name][0])).includes(answers[name][1]);
    for (const name of ['egress', 'git-gate', 'supervise'] as const)
      await eventually(`${name} serves`, () => serves(name), 60_000);
    for (const name of ['supervise', 'git-gate', 'egress'] as const) {
      docker('kill', `bot-bottle-${slug}-${name}`);
      await eventually('it is told', () => said().includes(`the sidecar ${name} ended (exit code 137)`));
      await eventually('it is back', () => said().includes(`the sidecar ${name} serves again`), 60_000);
      expect(await serves(name)).toBe(true);
    }
    expect(ownedBy(slug, 'container', '--filter', 'status=running')).toHaveLength(4);
    await end(running);
    for (const kind of ['container', 'network', 'volume'] as const) expect(ownedBy(slug, kind)).toEqual([]);
  }, 300_000);

  it('cleanup after kill -9 takes what is left of the bottle, and nothing of anybody else', async () => {
    const foreign = ['bot-bottle-foreign-egress', 'bot-bottle-labelled-12345'];
    const image = baseImage === '' ? 'node:24-slim' : baseImage;
    const sleeping = ['--network', 'none', image, 'sleep', '600'];
    docker('run', '--detach', '--name', foreign[0] ?? '', ...sleeping);
    const labels = ['--label', 'bot-bottle.slug=labelled-12345', '--label', 'bot-bottle.role=egress'];
    docker('run', '--detach', '--name', foreign[1] ?? '', ...labels, ...sleeping);
    docker('volume', 'create', 'bot-bottle-foreign-home');
    try {
      const { child, slug } = await start('simple');
      child.kill('SIGKILL');
      const left = (): string[] => ownedBy(slug, 'container', '--filter', 'status=running');
      await eventually('no container runs', () => left().length === 0, 60_000);
      const cleanup = await world.cli(['cleanup', '--yes']);
      expect(cleanup).toMatchObject({ code: 0, stdout: expect.stringContaining(slug) });
      expect(cleanup.stdout).not.toMatch(/foreign|labelled/);
      for (const kind of ['container', 'network', 'volume'] as const) expect(ownedBy(slug, kind)).toEqual([]);
      const running = docker('ps', '--format', '{{.Names}}').split('\n');
      expect(running).toEqual(expect.arrayContaining(foreign));
      expect(docker('volume', 'ls', '--quiet').split('\n')).toContain('bot-bottle-foreign-home');
    } finally {
      docker('rm', '--force', ...foreign);
      docker('volume', 'rm', 'bot-bottle-foreign-home');
    }
  }, 300_000);

  it('an engine that is reached by TCP only gets nothing of this host but streams', async () => {
    const relay: EngineRelay = await relayEngine(null);
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${relay.port}` };
    try {
      const running = await start('worker', { env });
      const up = (): string[] => ownedBy(running.slug, 'container', '--filter', 'status=running');
      const containers = await eventually('all run', () => up().length === 4 && up(), 60_000);
      const inspected = JSON.parse(docker('inspect', ...containers)) as ReadonlyArray<{
        readonly Mounts: ReadonlyArray<{ readonly Type: string }>;
        readonly HostConfig: {
          readonly Binds: unknown;
          readonly PortBindings: object | null;
          readonly Devices: unknown;
        };
      }>;
      for (const { Mounts, HostConfig } of inspected) {
        expect(Mounts.filter(({ Type }) => Type !== 'volume' && Type !== 'tmpfs')).toEqual([]);
        const { Binds, PortBindings, Devices } = HostConfig;
        expect([Binds ?? [], Object.keys(PortBindings ?? {}), Devices ?? []]).toEqual([[], [], []]);
      }
      const { stdout } = await world.cli(['exec', running.slug, '--', 'id', '-u'], { env });
      expect(stdout).toBe('1000\n');
      // The connection is all that it hangs on: with it the bottle ends, and nothing is left.
      const ended = once(running.child, 'exit');
      await relay.close();
      expect((await ended)[0]).not.toBe(0);
      await eventually(
        'no container runs',
        () => ownedBy(running.slug, 'container', '--filter', 'status=running').length === 0,
        60_000,
      );
      expect(running.said()).toMatch(/engine|connection|ECONNREFUSED/);
      expect(await world.cli(['cleanup', '--yes'])).toMatchObject({ code: 0 });
      for (const kind of ['container', 'network'] as const) expect(ownedBy(running.slug, kind)).toEqual([]);
    } finally {
      await relay.close().catch(() => undefined);
    }
  }, 300_000);
});
