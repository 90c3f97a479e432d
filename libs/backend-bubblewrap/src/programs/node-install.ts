import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exposure } from './forbidden-folders.ts';

export interface NodeInstall {
  /** what to show: the whole install when it has npm, else the executable */
  readonly path: string;
  /** programs that come with it */
  readonly commands: readonly string[];
}

/**
 * What to show of the Node that runs this.
 *
 * @param executable absolute, without links
 */
export function nodeInstall(executable: string, forbidden: readonly string[]): NodeInstall {
  const bin = dirname(executable);
  const prefix = dirname(bin);
  const whole = existsSync(join(prefix, 'lib/node_modules/npm')) && exposure(prefix, forbidden) === 'bind';
  if (!whole) return { path: executable, commands: [executable] };
  const names = ['node', 'npm', 'npx', 'corepack'];
  return { path: prefix, commands: names.map((name) => join(bin, name)).filter((path) => existsSync(path)) };
}
