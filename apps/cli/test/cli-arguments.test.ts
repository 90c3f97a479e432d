import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version } from '../src/program.ts';
import { splitArguments } from '../src/split-arguments.ts';
import { tempHome } from './temp-home.ts';

const help = 'bot-bottle --help';

it('knows its version', async () => {
  const json: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
  expect(json).toMatchObject({ version });
  expect((await tempHome().cli(['--version'])).out).toBe(`${version}\n`);
});

it('prints help on stdout when asked, with examples', async () => {
  const { code, out, err } = await tempHome().cli(['--help']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('Examples:');
  expect(out).not.toMatch(/__owner|__names/);
});

it('is a usage error without a command', async () => {
  const { code, out, err } = await tempHome().cli([]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('Usage: bot-bottle');
});

it.each([
  [['no-such-command']],
  [['run']],
  [['run', 'worker']],
  [['run', 'worker', '--']],
  [['exec', 'worker-00000']],
  [['list', 'nonsense']],
  [['list', '--nonsense']],
  [['schema', 'route']],
  [['routes']],
  [['routes', 'worker-00000', 'nonsense']],
  [['routes', 'worker-00000', '--yes']],
  [['dashboard']],
  [['dashboard', '--json']],
  [['start', 'worker', '--backend', 'qemu']],
  [['start', 'worker', '--prompt', 'x']],
  [['start', 'worker', '--headless']],
  [['start', 'worker', '--headless', '--prompt', ' ']],
  [['start', 'worker', '--headless', '--prompt', 'x', '--prompt-file', 'y']],
  [['start', 'worker', '--headless', '--prompt', 'x', '--detach']],
  [['audit', 'worker-00000', '--follow', '--verify']],
  [['init', '--name', '../evil']],
])('exits 2 on %j, and says why on stderr', async (args) => {
  const { code, out, err } = await tempHome().cli(args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^bot-bottle: error: /);
  expect(err).not.toMatch(/^\s+at /m);
});

it.each(['edit'])('says that %s comes later', async (command) => {
  const { code, err } = await tempHome().cli([command, 'x', '--any']);
  expect(code).toBe(1);
  expect(err).toContain(`\`${command}\` is not in this version`);
});

it('never reads options after --', () => {
  expect(splitArguments(['run', 'a', '--', 'x', '--yes', '--', '-q'])).toEqual({
    own: ['run', 'a'],
    rest: ['x', '--yes', '--', '-q'],
  });
});

describe('exit 1 before anything is built', () => {
  it.each([
    ['an unknown agent', ['run', 'nobody', '--yes', '--', 'true'], /nobody/],
    [
      'a backend of another version',
      ['run', 'worker', '--yes', '--backend', 'smolmachines', '--', 'true'],
      /smolmachines is not available/,
    ],
    ['no terminal to confirm on', ['start', 'worker'], /terminal/],
    ['no running bottle', ['exec', 'worker-00000', '--', 'true'], /worker-00000/],
    ['no audit log', ['audit', 'worker-00000'], /no audit log of worker-00000/],
    ['an audit log outside of the folder', ['audit', '../../etc'], /no audit log/],
    [
      'a prompt file that is not there',
      ['start', 'worker', '--headless', '--prompt-file', 'none'],
      /none cannot be read/,
    ],
  ])('%s', async (_what, args, message) => {
    const { code, out, err } = await tempHome().cli(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^bot-bottle: error: /m);
    expect(err).toMatch(message);
  });

  it('a wrong BOT_BOTTLE_BACKEND', async () => {
    const { code, err } = await tempHome().cli(['run', 'worker', '--yes', '--', 'true'], {
      BOT_BOTTLE_BACKEND: 'x',
    });
    expect(code).toBe(2);
    expect(err).toContain('bubblewrap');
  });

  it('a home that others can write to', async () => {
    const world = tempHome();
    const { chmodSync } = await import('node:fs');
    chmodSync(world.home, 0o777);
    const { code, err } = await world.cli(['list', 'agents']);
    expect(code).toBe(1);
    expect(err).toMatch(/hint: chmod 700/);
  });

  it('a settings file that is wrong, every problem named', async () => {
    const world = tempHome();
    world.write('home/settings.yml', 'backend: qemu\nnonsense: 1\n');
    const { code, err } = await world.cli(['list', 'agents']);
    expect(code).toBe(1);
    expect(err).toMatch(/settings\.yml:1.*\n.*settings\.yml/);
  });

  it('a missing host variable, by its name only', async () => {
    const world = tempHome();
    world.write(
      'home/bottles/plain.md',
      '---\nagent_provider: { template: command }\nenv: { KEY: "${NO_SUCH_VAR}" }\n---\n',
    );
    const { code, err } = await world.cli(['run', 'worker', '--yes', '--', 'true']);
    expect(code).toBe(1);
    expect(err).toContain('NO_SUCH_VAR');
  });
});

it('points to help after a usage error', async () => {
  expect((await tempHome().cli(['nope'])).err).toContain(help);
});
