import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('as $name, from a second terminal', (operator) => {
  let world: World;
  let first: ChildProcess;
  let slug = '';

  beforeAll(async () => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('worker', 'plain');
    first = world.start([
      'run',
      'worker',
      '--yes',
      '--',
      'bash',
      '-c',
      'echo up; touch ~/first; exec sleep 600',
    ]);
    slug = await eventually('the bottle is listed', async () => {
      const listed = JSON.parse((await world.cli(['list', 'active', '--json'])).stdout) as Array<{
        identity: string;
      }>;
      return listed[0]?.identity;
    });
  });
  afterAll(() => world.close());

  it('list shows it with its backend', async () => {
    const { stdout } = await world.cli(['list']);
    expect(stdout).toContain(slug);
    expect(stdout).toContain('bubblewrap');
  });

  it('exec runs in the same bottle, with stdio and exit code', async () => {
    await eventually('the first command ran', async () => {
      return (await world.cli(['exec', slug, '--', 'test', '-e', '/home/node/first'])).code === 0;
    });
    const { code, stdout } = await world.cli(['exec', slug, '--', 'bash', '-c', 'cat; id -u; exit 5'], {
      input: 'from outside\n',
    });
    expect({ code, stdout }).toEqual({ code: 5, stdout: 'from outside\n1000\n' });
  });

  it('an unknown bottle is a clear error', async () => {
    const { code, stderr } = await world.cli(['exec', 'worker-00000', '--', 'true']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/worker-00000/);
  });

  it('audit --follow shows what happens meanwhile', async () => {
    const follow = world.start(['audit', slug, '--follow', '--json']);
    let seen = '';
    follow.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await world.cli(['exec', slug, '--', 'curl', '-s', 'https://nowhere.example/']);
    await eventually('the denial is followed', () => seen.includes('host_not_allowed'));
    follow.kill('SIGTERM');
    await once(follow, 'exit');
  });

  it('audit --verify agrees with the log', async () => {
    const { code, stdout } = await world.cli(['audit', slug, '--verify', '--json']);
    expect({ code, stdout }).toMatchObject({ code: 0 });
  });

  it('stop ends it, the launcher included', async () => {
    const ended = once(first, 'exit');
    expect((await world.cli(['stop', slug])).code).toBe(0);
    await ended;
    expect(JSON.parse((await world.cli(['list', 'active', '--json'])).stdout)).toEqual([]);
  });
});
