import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

/** Collects what a terminal shows. */
function screenOf(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  child.stdin?.on('error', () => {});
  return () => text;
}

describe.each(operators)('start as $name, on a terminal', (operator) => {
  let world: World;
  beforeAll(() => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command, command: [bash, --norc] }\nsupervise: false');
    world.agent('worker', 'plain');
  });
  afterAll(() => world.close());

  it('asks, starts the agent on a terminal, lets a second one join, and ends with it', async () => {
    const first = world.startOnTerminal(['start', 'worker', '--backend', 'bubblewrap']);
    const screen = screenOf(first);
    await eventually('the question', () => screen().includes('Launch? [y/N]'));
    first.stdin?.write('y\r');
    await eventually('the prompt of the agent', () => screen().includes('bash-'));
    first.stdin?.write('tty; echo sum-$((40+2))\r');
    await eventually('its answer', () => screen().includes('sum-42'));
    expect(screen()).toContain('/dev/pts/');

    const listed = JSON.parse((await world.cli(['list', 'active', '--json'])).stdout) as Array<{
      identity: string;
    }>;
    const slug = listed[0]?.identity ?? '';
    const second = world.startOnTerminal(['attach', slug]);
    const joined = screenOf(second);
    await eventually('what was on the screen', () => joined().includes('sum-42'));
    second.stdin?.write('echo joined-$((1+1))\r');
    await eventually('both see it', () => joined().includes('joined-2') && screen().includes('joined-2'));

    // OSC 52 writes to the clipboard of the operator's terminal
    first.stdin?.write("printf '\\033]52;c;aGVsbG8=\\007after-%s' osc\r");
    await eventually('what follows it', () => screen().includes('after-osc'));
    expect(screen()).not.toContain('\u001b]52;');

    const ended = [once(first, 'exit'), once(second, 'exit')];
    first.stdin?.write('exit 3\r');
    const [[code]] = (await Promise.all(ended)) as [[number], [number]];
    expect(code).toBe(3);
  });

  it('launches nothing when the answer is no', async () => {
    const child = world.startOnTerminal(['start', 'worker', '--backend', 'bubblewrap']);
    const screen = screenOf(child);
    await eventually('the question', () => screen().includes('Launch? [y/N]'));
    child.stdin?.write('\r');
    await once(child, 'exit');
    expect(JSON.parse((await world.cli(['list', 'active', '--json'])).stdout)).toEqual([]);
  });
});
