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
      'the bottle runs',
      async () => {
        const { stdout } = await cli(['list', 'active', '--json']);
        // Listed as soon as it can be reached, which is before its program runs.
        const listed = JSON.parse(stdout) as Array<{ identity: string; state: string }>;
        return listed.find(({ state }) => state === 'running')?.identity;
      },
      30_000,
    );
    return { slug, said: () => said, ended };
  };

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

  it('an agent whose container is killed ends its bottle', async () => {
    const { slug, said, ended } = await start();
    docker('kill', `bot-bottle-${slug}`);
    expect(await ended).toBe(137);
    expect(said()).toContain('the bottle ended from outside');
    expect(owned(slug, '--all')).toEqual([]);
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
