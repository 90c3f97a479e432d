import { visibleLine } from '@bot-bottle/audit';
import { GitGateServerError } from '../errors.ts';

/** Stands for a text that holds a secret. */
export const withheld = '(withheld: it holds what looks like a secret)';

/** Makes text of a push fit for a human's eyes. A secret in it is looked for before anything is cut or escaped. */
export class ShownText {
  readonly #holdsSecret: (text: string) => boolean;

  constructor(holdsSecret: (text: string) => boolean) {
    this.#holdsSecret = holdsSecret;
  }

  /** One line, cut when it is longer than `max` UTF-16 units. */
  line(text: string, max: number): string {
    return this.#holdsSecret(text) ? withheld : visibleLine(text, max);
  }

  /**
   * The whole name of a ref or file. A backslash becomes two: no name looks like another one with its escapes.
   *
   * @throws GitGateServerError `limit_exceeded` when it is longer than `max` UTF-16 units: its end would be hidden
   */
  name(text: string, max: number): string {
    if (this.#holdsSecret(text)) return withheld;
    const shown = visibleLine(text.replaceAll('\\', '\\\\'), Number.MAX_SAFE_INTEGER);
    if (shown.length > max)
      throw new GitGateServerError(
        'limit_exceeded',
        `a human cannot be asked about a name of ${shown.length} characters (at most ${max})`,
      );
    return shown;
  }
}
