import { visibleLine } from '@bot-bottle/audit';
import { CliError } from '../cli-error.ts';
import { openTerminal, type Terminal } from './open-terminal.ts';

const interrupted = (): CliError => new CliError('interrupted', 'interrupted');

async function onTerminal<T>(
  what: string,
  hint: string,
  use: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  const terminal = openTerminal();
  if (terminal === null) throw new CliError('no_terminal', `${what}, and there is no terminal`, { hint });
  try {
    return await use(terminal);
  } finally {
    terminal.close();
  }
}

/** Asks a question that is answered with y or N. `hint` is shown when there is no terminal. */
export async function confirm(question: string, hint: string): Promise<boolean> {
  return await onTerminal('a confirmation is needed', hint, async (terminal) => {
    const answer = await readAnswer(terminal, `${visibleLine(question, 500)} [y/N] `, true);
    return /^y(?:es)?$/i.test(answer.trim());
  });
}

/** Asks for one line; null when there is no terminal. */
export async function askLine(question: string): Promise<string | null> {
  const terminal = openTerminal();
  if (terminal === null) return null;
  try {
    return await readAnswer(terminal, `${visibleLine(question, 500)} `, true);
  } finally {
    terminal.close();
  }
}

/** Asks for a secret without echo. */
export async function askSecret(question: string): Promise<string> {
  return await onTerminal('a secret is needed', 'run with a terminal', (terminal) =>
    readAnswer(terminal, `${visibleLine(question, 500)}: `, false),
  );
}

/** Lets the operator pick one of several names. */
export async function pick(
  question: string,
  choices: ReadonlyArray<{ name: string; hint: string }>,
): Promise<string> {
  return await onTerminal('a choice is needed', 'name an agent', async ({ input, output }) => {
    const { isCancel, select } = await import('@clack/prompts');
    const chosen = await select({
      message: visibleLine(question, 200),
      options: choices.map((choice) => ({
        value: choice.name,
        label: choice.name,
        hint: visibleLine(choice.hint, 80),
      })),
      input,
      output,
    });
    if (isCancel(chosen)) throw interrupted();
    return chosen;
  });
}

/** One line typed by the operator, read in raw mode so that nothing but this decides on echo. */
async function readAnswer({ input, output }: Terminal, question: string, echo: boolean): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = '';
  // Before the question is shown, so that not even a quick answer is echoed by the terminal itself.
  input.setRawMode(true);
  input.setEncoding('utf8');
  output.write(question);
  input.on('data', (chunk: string) => {
    for (const character of chunk) {
      if (character === '\r' || character === '\n') resolve(answer);
      else if (character === '\u0003') reject(interrupted());
      else if (character === '\u0004' && answer === '') resolve('');
      else if (character === '\u007f' || character === '\b') {
        if (answer !== '' && echo) output.write('\b \b');
        answer = Array.from(answer).slice(0, -1).join('');
      } else if (character >= ' ') {
        answer += character;
        if (echo) output.write(visibleLine(character, 20));
      }
    }
  });
  input.once('end', () => resolve(answer));
  try {
    return await promise;
  } finally {
    input.setRawMode(false);
    output.write('\n');
  }
}
