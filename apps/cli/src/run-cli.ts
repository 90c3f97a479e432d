import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import { Printer } from './output/printer.ts';
import { reportError } from './output/report-error.ts';
import { createProgram } from './program.ts';
import { splitArguments } from './split-arguments.ts';

/** Commands of the specification that come later; typing one gets a clear answer. */
const later = new Set(['edit']);

/** Runs one command line and returns the exit code. Never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const { own, rest } = splitArguments(argv);
  const printer = new Printer(io, {
    quiet: hasFlag(own, 'q', '--quiet'),
    verbose: hasFlag(own, 'v', '--verbose'),
  });
  let exitCode = 0;
  const program = createProgram({ io, printer, rest }, (code) => {
    exitCode = code;
  });
  try {
    const command = own.find((arg) => !arg.startsWith('-'));
    if (command !== undefined && later.has(command)) {
      throw new CliError('not_in_this_version', `\`${command}\` is not in this version of bot-bottle`);
    }
    if (own.length === 0) {
      io.stderr.write(program.helpInformation());
      return 2;
    }
    await program.parseAsync([...own], { from: 'user' });
    return exitCode;
  } catch (error) {
    await printer.load();
    if (error instanceof CommanderError) return reportUsage(error, printer);
    return reportError(error, printer);
  }
}

/** Known before the command line is parsed, so that errors of parsing obey it too. */
function hasFlag(args: readonly string[], short: string, long: string): boolean {
  return args.some((arg) => arg === long || (/^-[a-zA-Z]+$/.test(arg) && arg.includes(short)));
}

function reportUsage(error: CommanderError, printer: Printer): number {
  const shown = ['commander.help', 'commander.helpDisplayed', 'commander.version'];
  if (shown.includes(error.code)) return error.exitCode === 0 ? 0 : 2;
  const message = error.message.replace(/^error: /, '');
  printer.error(message, 'bot-bottle --help shows the commands, bot-bottle <command> --help their options');
  return 2;
}
