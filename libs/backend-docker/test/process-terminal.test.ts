import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { localBottle, textOf, type LocalBottle } from './support/local-bottle.ts';
import { waitUntil } from './support/wait-until.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('processes on terminals', () => {
  let local: LocalBottle;
  beforeAll(async () => {
    if (engine !== null) local = await localBottle(engine);
  });
  afterAll(() => local.dispose());

  const size = { cols: 91, rows: 33 };
  const onTerminal = (argv: readonly string[], env: Record<string, string> = {}) =>
    local.bottle.spawn(argv, { env, tty: size });

  test('input, output and error are one terminal of the wanted size', async () => {
    const child = await onTerminal(['sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && tty && stty size']);
    expect(await textOf(child.stdout)).toBe('/dev/pts/0\r\n33 91\r\n');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test('the exit code comes through', async () => {
    const child = await onTerminal(['sh', '-c', 'exit 42']);
    expect((await child.exited).code).toBe(42);
  });

  test('arguments and environment arrive as they are, and nothing else does', async () => {
    const odd = [
      '',
      ' ',
      "it's",
      '$(touch /tmp/injected)',
      '`touch /tmp/injected`',
      '"; touch /tmp/injected; "',
      '\n',
      '\\',
      '*',
      '-n',
      '${HOME}',
    ];
    const script = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env]))';
    const child = await onTerminal(['node', '-e', script, '--', ...odd], {
      SHELL: '/bin/bash',
      ODD: '$(touch /tmp/injected)',
    });
    const [argv, env] = JSON.parse(await textOf(child.stdout)) as [string[], Record<string, string>];
    expect(argv).toEqual(odd);
    expect(env).toMatchObject({ SHELL: '/bin/bash', ODD: '$(touch /tmp/injected)', TERM: 'xterm-256color' });
    expect(Object.keys(env).filter((name) => name.includes('BOT_BOTTLE') || name === 'SCRIPT')).toEqual([]);
    const check = await local.bottle.spawn(['ls', '/tmp/injected']);
    expect(await textOf(check.stderr)).toContain('No such file');
  });

  test('a new size reaches the program as SIGWINCH', async () => {
    const script =
      "process.on('SIGWINCH', () => {}); process.stdout.on('resize', () => { console.log(['now', process.stdout.columns, process.stdout.rows].join(' ')) }); console.log('up'); setInterval(() => {}, 1000)";
    const child = await onTerminal(['node', '-e', script]);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await waitUntil(() => text.includes('up'));
    child.resize({ cols: 120, rows: 50 });
    await waitUntil(() => text.includes('now 120 50'));
    child.kill('SIGKILL');
    expect((await child.exited).code).toBe(137);
  });

  test('what is typed is echoed and control-C interrupts', async () => {
    const child = await onTerminal(['sh', '-c', 'echo up; cat; echo after']);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await waitUntil(() => text.includes('up'));
    child.stdin.write('hello\r');
    await waitUntil(() => text.split('hello').length === 3);
    child.stdin.write('\x03');
    expect((await child.exited).code).toBe(130);
  });

  test('a signal reaches the program on the terminal', async () => {
    const child = await onTerminal(['sh', '-c', 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done']);
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect((await child.exited).code).toBe(9);
  });

  test('a program can leave the terminal raw without harm to the next', async () => {
    const first = await onTerminal(['stty', 'raw', '-echo']);
    await first.exited;
    const second = await onTerminal(['stty', '-a']);
    const text = await textOf(second.stdout);
    expect(text).toMatch(/ icanon/);
    expect(text).toMatch(/ echo /);
  });
});
