import type { Printer } from './printer.ts';

const userError = Symbol.for('bot-bottle.user-error');

/**
 * Prints an error and tells the exit code: what a person can fix plainly, a bug with its stack when asked for.
 *
 * @param fallback exit code of errors that name none: 1 before anything is built, 125 after
 */
export function reportError(error: unknown, printer: Printer, fallback: 1 | 125 = 1): number {
  const exitCode = exitCodeFrom(error) ?? fallback;
  if (!(error instanceof Error)) {
    printer.error(`an unknown error was thrown (${typeof error})`);
    return exitCode;
  }
  if (exitCode === 130 && error.name === 'AbortError') {
    printer.note('bot-bottle: interrupted');
    return exitCode;
  }
  if (Reflect.get(error, userError) === true) {
    printer.error(error.message, textFrom(error, 'hint'));
    const stderr = dataOf(error, 'stderr');
    if (typeof stderr === 'string' && stderr !== '') printer.note(`  it said: ${stderr.trimEnd()}`);
  } else {
    printer.error(
      `${error.message || error.name}`,
      printer.options.verbose ? null : 'this is a bug; --verbose shows where',
    );
  }
  if (printer.options.verbose) printer.note(stackOf(error));
  return exitCode;
}

function exitCodeFrom(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'AbortError') return 130;
  const inData = dataOf(error, 'exitCode');
  if (typeof inData === 'number') return inData;
  const own: unknown = Reflect.get(error, 'exitCode');
  return typeof own === 'number' ? own : null;
}

function dataOf(error: Error, key: string): unknown {
  const data: unknown = Reflect.get(error, 'data');
  return typeof data === 'object' && data !== null ? Reflect.get(data, key) : null;
}

function textFrom(error: Error, key: string): string | null {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : null;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
