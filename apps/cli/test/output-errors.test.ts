import { BackendError } from '@bot-bottle/backend';
import { expect, it } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { exitCodeOf } from '../src/output/exit-code.ts';
import { Printer } from '../src/output/printer.ts';
import { reportError } from '../src/output/report-error.ts';
import { renderTable } from '../src/output/table.ts';
import { fakeIo } from './fake-io.ts';

function reported(error: unknown, verbose = false, fallback: 1 | 125 = 1): { code: number; err: string } {
  const io = fakeIo();
  const code = reportError(error, new Printer(io, { quiet: false, verbose }), fallback);
  return { code, err: io.err() };
}

it.each([
  [new BackendError('not_available', 'x'), 1],
  [new BackendError('launch_failed', 'x'), 125],
  [new CliError('usage', 'x'), 2],
  [new CliError('interrupted', 'x'), 130],
  [new DOMException('x', 'AbortError'), 130],
  [new TypeError('x'), 1],
  ['not even an error', 1],
])('tells the exit code of %s', (error, code) => {
  expect(reported(error).code).toBe(code);
});

it('counts a bug after the first side effect as 125', () => {
  expect(reported(new TypeError('x'), false, 125).code).toBe(125);
});

it('shows a stack only when asked, and never colours without a terminal', () => {
  const error = new CliError('failed', 'it broke', { hint: 'mend it' });
  expect(reported(error).err).toBe('bot-bottle: error: it broke\n  hint: mend it\n');
  expect(reported(error, true).err).toMatch(/^\s+at /m);
});

it('calls a bug a bug', () => {
  expect(reported(new TypeError('undefined is not a function')).err).toContain('this is a bug');
});

it('makes hostile text in messages and hints visible', () => {
  const { err } = reported(new CliError('failed', 'a\u001b]52;c;x\u0007', { hint: 'b\u202e' }));
  for (const part of ['\u001b', '\u0007', '\u202e']) expect(err).not.toContain(part);
});

it('tells exit codes as a shell does', () => {
  expect(exitCodeOf({ code: 3, signal: null })).toBe(3);
  expect(exitCodeOf({ code: null, signal: 'SIGKILL' })).toBe(137);
  expect(exitCodeOf({ code: null, signal: null })).toBe(255);
});

it('keeps hostile cells of a table on their line', () => {
  const table = renderTable(
    ['A', 'B'],
    [
      ['x\ny\u001b[2J', ''],
      ['long'.repeat(50), 'z'],
    ],
  );
  expect(table.split('\n')).toHaveLength(3);
  expect(table).not.toContain('\u001b');
  expect(table).toContain('\\n');
});
