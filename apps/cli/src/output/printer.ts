import { styleText } from 'node:util';
import type { Io } from '../io.ts';
import { jsonText } from './json-text.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface PrinterOptions {
  /** print results and errors only */
  readonly quiet: boolean;
  /** print what is being done, and stacks of errors */
  readonly verbose: boolean;
}

type Sanitiser = (text: string, maxLength?: number) => string;

/** Stricter than the real one, for what is said before that is loaded: plain ASCII only. */
const asciiOnly: Sanitiser = (text) =>
  text.replaceAll(/[^\n\t -~]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** The only way out: results on stdout, everything else on stderr, hostile text made visible. */
export class Printer {
  readonly options: PrinterOptions;
  readonly #io: Io;
  #visible: Sanitiser = asciiOnly;

  constructor(io: Io, options: PrinterOptions) {
    this.#io = io;
    this.options = options;
  }

  /** Loads the sanitiser, which `--help` can do without. */
  async load(): Promise<void> {
    const { visibleText } = await import('@bot-bottle/audit');
    this.#visible = visibleText;
  }

  /** One or more lines of a result; a newline is added. */
  result(text: string): void {
    this.#io.stdout.write(`${this.#visible(text, Number.MAX_SAFE_INTEGER)}\n`);
  }

  /** A result that holds our own escape sequences: every hostile part must have passed `visibleLine` already. */
  styled(text: string): void {
    this.#io.stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.#io.stdout.write(`${jsonText(value, this.#io.stdout.isTTY ? 2 : 0)}\n`);
  }

  /** Text for the human beside the result. */
  note(text: string): void {
    if (!this.options.quiet) this.#io.stderr.write(`${this.#visible(text)}\n`);
  }

  /** What a question that follows is about: with --quiet too. */
  asked(text: string): void {
    this.#io.stderr.write(`${this.#visible(text, Number.MAX_SAFE_INTEGER)}\n`);
  }

  /** What is being done, with --verbose only. */
  detail(text: string): void {
    if (this.options.verbose) this.#io.stderr.write(`bot-bottle: ${this.#visible(text)}\n`);
  }

  warning(text: string): void {
    this.#io.stderr.write(
      `bot-bottle: ${this.styleError('yellow', 'warning:')} ${indent(this.#visible(text))}\n`,
    );
  }

  /** Rings the terminal's bell, where there is one. */
  bell(): void {
    if (this.#io.stderr.isTTY) this.#io.stderr.write('\u0007');
  }

  error(text: string, hint: string | null = null): void {
    this.#io.stderr.write(`bot-bottle: ${this.styleError('red', 'error:')} ${indent(this.#visible(text))}\n`);
    if (hint !== null) this.#io.stderr.write(`  hint: ${indent(this.#visible(hint))}\n`);
  }

  /** Text as it is, e.g. a preflight that passed through the sanitiser already. */
  raw(text: string): void {
    this.#io.stderr.write(text);
  }

  /** Colours a part of a result, where there are colours. */
  style(style: Style, text: string): string {
    return this.#hasColour(this.#io.stdout) ? styleText(style, text, { validateStream: false }) : text;
  }

  styleError(style: Style, text: string): string {
    return this.#hasColour(this.#io.stderr) ? styleText(style, text, { validateStream: false }) : text;
  }

  #hasColour(stream: NodeJS.WriteStream): boolean {
    const { env } = this.#io;
    return stream.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  }
}

const indent = (text: string): string => text.replaceAll('\n', '\n  ');
