import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../../..');

/** What an installation from the registry would hold: the CLI's bundle and the programs that it starts. */
const packages = {
  cli: 'apps/cli',
  'sidecar-egress': 'sidecars/egress',
  'backend-bubblewrap': 'libs/backend-bubblewrap',
} as const;

export interface Installation {
  /** path of the CLI's bin */
  readonly bin: string;
  /** a Node.js that every user can execute */
  readonly node: string;
}

let shared: Installation | null = null;

/**
 * The built CLI in a folder of its own, as `npm install` would lay it out, so that tests neither depend on the
 * checkout being readable for another user nor see its sources. Made once per test file, removed at its end.
 */
export function installation(): Installation {
  shared ??= install();
  return shared;
}

function install(): Installation {
  const dir = mkdtempSync(path.join(tmpdir(), 'bb-install-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  for (const [name, folder] of Object.entries(packages)) {
    const target = path.join(dir, 'node_modules/@bot-bottle', name);
    mkdirSync(target, { recursive: true });
    for (const part of ['bin', 'dist', 'package.json']) {
      const source = path.join(root, folder, part);
      if (existsSync(source)) cpSync(source, path.join(target, part), { recursive: true });
    }
  }
  const node = path.join(dir, 'bin/node');
  mkdirSync(path.dirname(node));
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  chmodSync(node, 0o755);
  return { bin: path.join(dir, 'node_modules/@bot-bottle/cli/bin/bot-bottle.js'), node };
}
