import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('start --headless --json as $name', (operator) => {
  let world: World;
  beforeAll(() => {
    world = new World(operator);
    world.bottle('shell', 'agent_provider: { template: command, command: [sh] }\nsupervise: false');
    world.agent('worker', 'shell');
    world.bottle('nothing', 'agent_provider: { template: command, command: [./missing] }\nsupervise: false');
    world.agent('idler', 'nothing');
  });
  afterAll(() => world.close());

  const start = async (agent: string, prompt: string, ...args: string[]) => {
    const fixed = [
      'start',
      agent,
      '--backend',
      'bubblewrap',
      '--yes',
      '--headless',
      '--prompt',
      prompt,
      '--json',
    ];
    const outcome = await world.cli([...fixed, ...args]);
    const events = outcome.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { ...outcome, events };
  };
  const said = (events: ReadonlyArray<Record<string, unknown>>, stream: string): string =>
    events
      .filter((event) => event['event'] === 'output' && event['stream'] === stream)
      .map((event) => event['text'])
      .join('');

  it('tells what happened from the start to the exit code', async () => {
    const { code, events } = await start('worker', 'printf "ä\\033[2Jb"; echo oops >&2; exit 7', '--keep');
    expect(code).toBe(7);
    expect(events[0]).toMatchObject({
      v: 1,
      event: 'started',
      agent: 'worker',
      bottle: 'shell',
      provider: 'command',
    });
    expect(said(events, 'stdout')).toBe('ä\u001b[2Jb');
    expect(said(events, 'stderr')).toBe('oops\n');
    expect(events.at(-1)).toMatchObject({ event: 'ended', code: 7, resumable: events[0]?.['identity'] });
  });

  it('tells of a program that cannot be started, and exits as shells do', async () => {
    const { code, events } = await start('idler', 'x');
    expect(code).toBe(127);
    expect(events.map(({ event }) => event)).toEqual(['started', 'error', 'ended']);
    expect(events.at(-1)).toMatchObject({ code: 127, resumable: null });
  });

  it('refuses what it could not tell of, before anything starts', async () => {
    for (const args of [[], ['--detach']]) {
      const outcome = await world.cli(['start', 'worker', '--yes', '--json', ...args]);
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toContain('--json tells of a dry run, or of a headless one');
    }
    const unknown = await world.cli(['start', 'nobody', '--yes', '--headless', '--prompt', 'x', '--json']);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
  });
});
