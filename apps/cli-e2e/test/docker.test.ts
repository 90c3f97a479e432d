import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker, engineEnv, hasEngine } from './support/docker-engine.ts';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { World, type CliOptions } from './support/world.ts';

const env = engineEnv;
const [operator] = operators;

describe.skipIf(!hasEngine || operator === undefined)('on docker', () => {
  let world: World;
  const cli = (args: readonly string[], options: CliOptions = {}) =>
    world.cli(args, { timeoutMs: 240_000, ...options, env });
  const owned = (slug: string, ...more: string[]): string[] =>
    docker('ps', '--filter', `label=bot-bottle.slug=${slug}`, '--format', '{{.Names}}', ...more)
      .split('\n')
      .filter((name) => name !== '');

  beforeAll(async () => {
    if (operator === undefined) return;
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command }');
    world.agent('worker', 'plain');
    // Images are built once, before anything is timed.
    expect(await cli(['run', 'worker', '--backend', 'docker', '--yes', '--', 'true'])).toMatchObject({
      code: 0,
    });
  }, 300_000);
  afterAll(() => world.close());

  /** A bottle that stays until it is ended from outside. */
  const start = async (): Promise<{
    child: ChildProcess;
    slug: string;
    said: () => string;
    ended: Promise<number | null>;
  }> => {
    const child = world.start(['run', 'worker', '--backend', 'docker', '--yes', '--', 'sleep', '600'], {
      env,
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const slug = await eventually(
      'the bottle is listed',
      async () => {
        const { stdout } = await cli(['list', 'active', '--json']);
        return (JSON.parse(stdout) as Array<{ identity: string }>)[0]?.identity;
      },
      30_000,
    );
    return { child, slug, said: () => said, ended };
  };
  const denial = async (slug: string): Promise<string> =>
    (await cli(['exec', slug, '--', 'curl', '-sS', '--max-time', '5', 'https://undeclared.example/'])).stdout;

  it('runs a command, tells its exit code and output, and leaves nothing', async () => {
    const outcome = await cli(
      ['run', 'worker', '--backend', 'docker', '--yes', '--quiet', '--', 'sh', '-c', 'cat; id -u; exit 7'],
      { input: 'given\n' },
    );
    expect(outcome).toMatchObject({ code: 7, stdout: 'given\n1000\n' });
    const leftovers = JSON.parse((await cli(['cleanup', '--yes', '--json'])).stdout) as {
      leftovers: unknown[];
    };
    expect(leftovers).toMatchObject({ failed: [] });
  });

  it('a program that is not in the image ends with 127', async () => {
    expect(
      await cli(['run', 'worker', '--backend', 'docker', '--yes', '--quiet', '--', 'no-such-program']),
    ).toMatchObject({ code: 127, stderr: expect.stringContaining('no-such-program: not found') });
  });

  it('shows every step of the demo as expected', async () => {
    const { code, stdout, stderr } = await cli(['demo', '--backend', 'docker']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).not.toMatch(/✗/);
  }, 240_000);

  it('a sidecar that is killed is started anew and gets everything again', async () => {
    const { child, slug, said, ended } = await start();
    expect(await denial(slug)).toContain('host_not_allowed');
    docker('kill', `bot-bottle-${slug}-egress`);
    await eventually('it serves again', () => said().includes('the sidecar egress serves again'), 30_000);
    expect(said()).toContain('the sidecar egress ended (exit code 137)');
    expect(await denial(slug)).toContain('host_not_allowed');
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(owned(slug, '--all')).toEqual([]);
  }, 120_000);

  it('an agent whose container is killed ends its bottle', async () => {
    const { slug, ended } = await start();
    docker('kill', `bot-bottle-${slug}`);
    expect(await ended).toBe(137);
    expect(owned(slug, '--all')).toEqual([]);
  }, 120_000);

  it('kill -9 of the launcher leaves nothing running, and cleanup removes the rest', async () => {
    const { child, slug } = await start();
    await eventually('all run', () => owned(slug).length === 3);
    child.kill('SIGKILL');
    await eventually('no container runs', () => owned(slug).length === 0, 20_000);
    expect(await cli(['cleanup', '--yes'])).toMatchObject({ code: 0 });
    expect(owned(slug, '--all')).toEqual([]);
    expect(docker('network', 'ls', '--filter', `label=bot-bottle.slug=${slug}`, '--quiet')).toBe('');
    expect(docker('volume', 'ls', '--filter', `label=bot-bottle.slug=${slug}`, '--quiet')).toBe('');
  }, 120_000);

  it('a kept bottle is resumed with its home', async () => {
    const kept = await cli([
      'run',
      'worker',
      '--backend',
      'docker',
      '--yes',
      '--keep',
      '--',
      'sh',
      '-c',
      'echo work > ~/work',
    ]);
    expect(kept.code).toBe(0);
    const slug = /resume (\S+) goes on/.exec(kept.stderr)?.[1] ?? '';
    expect(docker('volume', 'ls', '--filter', `label=bot-bottle.slug=${slug}`, '--format', '{{.Name}}')).toBe(
      `bot-bottle-${slug}-home`,
    );
    world.bottle('plain', 'agent_provider: { template: command, command: [sh, -c, "cat ~/work; true"] }');
    const resumed = await cli(['resume', slug, '--yes', '--headless', '--prompt', 'x']);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('work\n') });
    docker('volume', 'rm', `bot-bottle-${slug}-home`);
  }, 120_000);
});
