import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { isAlive, processTree } from './support/processes.ts';
import { World } from './support/world.ts';

describe.each(operators)('as $name, kill -9 of the launcher', (operator) => {
  let world: World;

  beforeEach(() => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('worker', 'plain');
  });
  afterEach(() => world.close());

  it('leaves no process and no mount, and cleanup removes the rest', async () => {
    // Without those of containers, which the Docker engine makes and takes away whenever it likes.
    const mounts = (): string[] =>
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => !/ \/(?:run|var\/lib)\/docker\//.test(line));
    const before = mounts();
    const launcher = world.start([
      'run',
      'worker',
      '--yes',
      '--',
      'bash',
      '-c',
      'setsid sleep 600 & echo up; wait',
    ]);
    let output = '';
    launcher.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the agent runs', () => output.includes('up'));
    const tree = processTree(launcher.pid ?? -1);
    expect(tree.length).toBeGreaterThan(4);

    launcher.kill('SIGKILL');
    await eventually('every process of the bottle is gone', () => !tree.some(isAlive), 10_000);
    expect(mounts()).toEqual(before);

    const cleanup = await world.cli(['cleanup', '--yes']);
    expect(cleanup.code).toBe(0);
    const again = await world.cli(['cleanup', '--yes', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ leftovers: [] });
    expect(JSON.parse((await world.cli(['list', 'active', '--json'])).stdout)).toEqual([]);
  });

  it('ends everything when it is only asked to stop', async () => {
    const launcher = world.start(['run', 'worker', '--yes', '--', 'bash', '-c', 'echo up; exec sleep 600']);
    let output = '';
    launcher.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the agent runs', () => output.includes('up'));
    const tree = processTree(launcher.pid ?? -1);
    launcher.kill('SIGTERM');
    await eventually('every process of the bottle is gone', () => !tree.some(isAlive), 15_000);
    const leftovers = await world.cli(['cleanup', '--yes', '--json']);
    expect(JSON.parse(leftovers.stdout)).toMatchObject({ leftovers: [] });
  });
});
