import { constants } from 'node:os';
import type { BottleProcess } from '../../contracts.ts';
import { execInBottle } from '../../provision/exec-in-bottle.ts';
import { shellCode, textOf, watch } from '../in-bottle.ts';
import { expectThat, type BottleContext } from '../parity-case.ts';
import { bottleCases } from './make-cases.ts';

const size = { cols: 91, rows: 33 };

function onTerminal(
  { bottle }: BottleContext,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<BottleProcess> {
  return bottle.spawn(argv, { env, tty: size });
}

const mark = '/tmp/injected';
const odd = [
  '',
  ' ',
  "it's",
  `$(touch ${mark})`,
  `\`touch ${mark}\``,
  `"; touch ${mark}; "`,
  '\n',
  '\\',
  '*',
];
const resizing = `process.on('SIGWINCH', () => {});
process.stdout.on('resize', () => console.log(['now', process.stdout.columns, process.stdout.rows].join(' ')));
console.log('up'); setInterval(() => {}, 1000)`;

export const terminalCases = bottleCases('Terminals', {
  'gives one terminal of the wanted size for input, output and errors': async (context) => {
    const script = 'test -t 0 && test -t 1 && test -t 2 && tty && stty size';
    const child = await onTerminal(context, ['sh', '-c', script]);
    const text = await textOf(child.stdout);
    const status = await child.exited;
    const holds = /^\/dev\/pts\/\d+\r\n33 91\r\n$/.test(text) && status.code === 0;
    expectThat(context, holds, 'the terminal', { text, status });
  },
  'tells the exit code of what ran on a terminal': async (context) => {
    const { code } = await (await onTerminal(context, ['sh', '-c', 'exit 42'])).exited;
    expectThat(context, code === 42, 'the exit code', code);
  },
  'passes arguments and environment as they are to a terminal': async (context) => {
    const program = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env]))';
    const given = { SHELL: '/bin/bash', ODD: `$(touch ${mark})` };
    const child = await onTerminal(context, ['node', '-e', program, '--', ...odd, '${HOME}'], given);
    const text = await textOf(child.stdout);
    const [argv, env] = JSON.parse(text) as [string[], Record<string, string>];
    const isWhole = JSON.stringify(argv) === JSON.stringify([...odd, '${HOME}']);
    const isGiven = env['ODD'] === given.ODD && env['SHELL'] === given.SHELL && env['TERM'] !== undefined;
    const isClean = !Object.keys(env).some((name) => name.includes('BOT_BOTTLE') || name === 'SCRIPT');
    const { code } = await execInBottle(context.bottle, ['test', '-e', mark]);
    expectThat(context, isWhole && isGiven && isClean && code === 1, 'nothing else happens', { text, code });
  },
  'tells a program the new size of its terminal': async (context) => {
    const child = await onTerminal(context, ['node', '-e', resizing]);
    const screen = watch(child.stdout);
    await screen.until((seen) => seen.includes('up'));
    child.resize({ cols: 120, rows: 50 });
    const told = await screen.until((seen) => seen.includes('now 120 50'));
    child.kill('SIGKILL');
    const status = await child.exited;
    const holds = told && shellCode(status, constants.signals.SIGKILL);
    expectThat(context, holds, 'SIGWINCH with the new size', { text: screen.text(), status });
  },
  'echoes what is typed, and control-C interrupts': async (context) => {
    const child = await onTerminal(context, ['sh', '-c', 'echo up; cat; echo after']);
    const screen = watch(child.stdout);
    await screen.until((seen) => seen.includes('up'));
    child.stdin.write('hello\r');
    await screen.until((seen) => seen.split('hello').length === 3);
    child.stdin.write('\x03');
    const status = await child.exited;
    const holds = shellCode(status, constants.signals.SIGINT) && screen.text().split('hello').length === 3;
    expectThat(context, holds, 'the line discipline', { text: screen.text(), status });
  },
  'sends a signal to the program on a terminal': async (context) => {
    const script = 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done';
    const child = await onTerminal(context, ['sh', '-c', script]);
    child.stdout.once('data', () => child.kill('SIGTERM'));
    const { code } = await child.exited;
    expectThat(context, code === 9, 'its own exit code', code);
  },
  'gives each program a terminal of its own, whatever the last one did': async (context) => {
    const first = await onTerminal(context, ['stty', 'raw', '-echo']);
    first.stdout.resume();
    await first.exited;
    const text = await textOf((await onTerminal(context, ['stty', '-a'])).stdout);
    expectThat(context, / icanon/.test(text) && / echo /.test(text), 'a fresh terminal', text);
  },
});
