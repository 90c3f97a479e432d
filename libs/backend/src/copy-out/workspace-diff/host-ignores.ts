import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { IgnoreRules } from '../../workspace/ignore-rules.ts';

/** The ignore rules of the host's folder, asked about paths of a bottle: what the agent wrote into its own does not count. */
export class HostIgnores {
  readonly #source: string;
  readonly #rules = new Map<string, Promise<IgnoreRules>>();

  constructor(source: string) {
    this.#source = source;
  }

  /** The topmost part of a path that is ignored; null: none is. */
  async topOf(path: string): Promise<string | null> {
    const names = path.split('/');
    for (let count = 1; count <= names.length; count += 1) {
      const part = names.slice(0, count).join('/');
      const rules = await this.#in(names.slice(0, count - 1).join('/'));
      if (rules.ignores(join(this.#source, part), count < names.length)) return part;
    }
    return null;
  }

  #in(folder: string): Promise<IgnoreRules> {
    const known = this.#rules.get(folder);
    if (known !== undefined) return known;
    const made = this.#enter(folder);
    this.#rules.set(folder, made);
    return made;
  }

  async #enter(folder: string): Promise<IgnoreRules> {
    if (folder === '') {
      const above = await IgnoreRules.above(this.#source, hasGit);
      return await above.enter(this.#source);
    }
    const slash = folder.lastIndexOf('/');
    const parent = await this.#in(slash < 0 ? '' : folder.slice(0, slash));
    return await parent.enter(join(this.#source, folder));
  }
}

async function hasGit(folder: string): Promise<boolean> {
  return await lstat(join(folder, '.git')).then(
    () => true,
    () => false,
  );
}
