import { once } from 'node:events';
import { appendFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stopAll } from './support/copied-project.ts';
import { eventually } from './support/eventually.ts';
import { homeOf, resumable, running, start, stateDir } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('as $name, logs', (operator) => {
  let world: World;
  beforeEach(() => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command, command: [bash] }\nsupervise: false');
    world.agent('worker', 'plain');
  });
  afterEach(async () => {
    for (const { identity } of await resumable(world))
      rmSync(path.dirname(homeOf(world, identity)), { recursive: true, force: true });
    await stopAll(world);
  });

  it('follow a running bottle over a rotation, show no control character, and end with it', async () => {
    const { identity } = await running(world, 'true');
    const log = path.join(stateDir(world, identity), 'logs/egress.log');
    appendFileSync(log, 'one \u001b[2J\u009b\n');
    const follow = world.start(['logs', identity.slice(0, -1), 'egress', '--follow']);
    let seen = '';
    follow.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the first line', () => seen.includes('one '));
    appendFileSync(log, 'two\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'three\n');
    await eventually('the line after the rotation', () => seen.includes('| three\n'));
    expect(seen).toMatch(/\| one \\u\{1b\}\[2J\\u\{9b\}\n(?:.*\n)*.*\| two\n(?:.*\n)*.*\| three\n/);
    expect(seen).not.toMatch(/[^\P{C}\n]/u);
    const ended = once(follow, 'exit');
    expect((await world.cli(['stop', identity])).code).toBe(0);
    expect(await ended).toEqual([0, null]);
    const after = await world.cli(['logs', identity]);
    expect(after).toMatchObject({ code: 1, stdout: '' });
    expect(after.stderr).toContain('--keep');
  });

  it('of a kept bottle stay, and cleanup finds nothing of an ended one', async () => {
    expect(
      await start(world, 'curl -s https://nowhere.example/; true', ['--keep', '--label', 'mine']),
    ).toMatchObject({
      code: 0,
    });
    const { code, stderr } = await world.cli(['logs', 'mine', '--json']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('error');
    const unknown = await world.cli(['logs', 'mine', 'git-gate']);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/has no log of "git-gate"/);
    expect(await start(world, 'true')).toMatchObject({ code: 0 });
    const identities = readdirSync(path.join(world.botBottleHome, 'audit')).filter((name) =>
      name.startsWith('worker-'),
    );
    expect(identities).toHaveLength(2);
    // It lists, and removes nothing without a confirmation.
    const { stdout } = await world.cli(['cleanup']);
    for (const identity of identities) expect(stdout).not.toContain(identity);
  });
});
