import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ignore, { type Ignore } from 'ignore';

interface Layer {
  readonly base: string;
  readonly rules: Ignore;
}

const ignoreFiles = ['.gitignore', '.bottleignore'] as const;
const maxFileBytes = 1024 * 1024;
const maxLayers = 64;

/** The ignore files that hold for a folder, outermost first; of the rules that match, the last one decides. */
export class IgnoreRules {
  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** Rules of the repository's folders above `source`, up to the one that holds `.git`, and its `info/exclude`. */
  static async above(
    source: string,
    isRepository: (folder: string) => Promise<boolean>,
  ): Promise<IgnoreRules> {
    const parents: string[] = [];
    let top = source;
    while (!(await isRepository(top))) {
      const parent = dirname(top);
      if (parent === top || parents.length >= maxLayers) return new IgnoreRules([]);
      parents.unshift(parent);
      top = parent;
    }
    let rules = new IgnoreRules([]);
    rules = await rules.#withFile(top, join(top, '.git', 'info', 'exclude'));
    for (const folder of parents) rules = await rules.enter(folder);
    return rules;
  }

  /** The rules with those of the ignore files in `folder`. */
  async enter(folder: string): Promise<IgnoreRules> {
    const [first, second] = ignoreFiles;
    return await (await this.#withFile(folder, join(folder, first))).#withFile(folder, join(folder, second));
  }

  /** @param path absolute path */
  ignores(path: string, isFolder: boolean): boolean {
    let ignored = false;
    for (const { base, rules } of this.#layers) {
      const result = rules.test(`${relative(base, path)}${isFolder ? '/' : ''}`);
      if (result.ignored) ignored = true;
      else if (result.unignored) ignored = false;
    }
    return ignored;
  }

  async #withFile(base: string, file: string): Promise<IgnoreRules> {
    const text = await readSmall(file);
    if (text === null) return this;
    const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(
      text.split(/\r?\n/).filter((line) => isCheap(line)),
    );
    return new IgnoreRules([...this.#layers, { base, rules }]);
  }
}

/**
 * The rules become regular expressions; one with many wildcards takes time without bound on a chosen name, so such lines
 * of a hostile folder are passed over.
 */
function isCheap(line: string): boolean {
  if (line.length > 1024) return false;
  const stars = (part: string): number => part.split('*').length - 1;
  const segments = line.split('/').filter((part) => part !== '**');
  const deep = line.split('/').length - segments.length;
  return deep <= 3 && segments.every((part) => stars(part) <= 3) && stars(segments.join('')) <= 6;
}

async function readSmall(path: string): Promise<string | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      return found.isFile() && found.size <= maxFileBytes ? await file.readFile('utf8') : null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
