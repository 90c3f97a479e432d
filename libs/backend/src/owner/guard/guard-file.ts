import { readFileSync, writeFileSync } from 'node:fs';
import { parseConfig, renderConfig, type PipelockConfig } from '@bot-bottle/pipelock';

/** The configuration of pipelock that is in force, a file in the state of the bottle, 0600, without secrets. */
export class GuardFile {
  readonly #path: string;

  constructor(path: string, config: PipelockConfig) {
    this.#path = path;
    this.write(renderConfig(config));
  }

  /** @throws PipelockError `invalid_config` when it was changed into something else */
  read(): { readonly text: string; readonly config: PipelockConfig } {
    const text = readFileSync(this.#path, 'utf8');
    return { text, config: parseConfig(text) };
  }

  /** In place: whoever looks at the file keeps looking at the same one. */
  write(text: string): void {
    writeFileSync(this.#path, text, { mode: 0o600 });
  }
}
