import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';

/** Whether a program gets a terminal: as asked, else when both ends are one. */
export function wantsTerminal(
  { stdin, stdout }: Pick<Io, 'stdin' | 'stdout'>,
  asked: boolean | undefined,
): boolean {
  const possible = stdin.isTTY && stdout.isTTY;
  if (asked === true && !possible) {
    throw new CliError('no_terminal', '--tty needs stdin and stdout to be a terminal');
  }
  return asked ?? possible;
}
