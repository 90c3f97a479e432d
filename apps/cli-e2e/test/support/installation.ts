import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../../..');

/** What an installation from the registry would hold: the CLI's bundle and the programs that it starts. */
const packages = {
  cli: 'apps/cli',
  'sidecar-egress': 'sidecars/egress',
  'sidecar-git-gate': 'sidecars/git-gate',
  'sidecar-supervise': 'sidecars/supervise',
  'sidecar-pipelock': 'sidecars/pipelock',
  'backend-bubblewrap': 'libs/backend-bubblewrap',
  'backend-docker': 'libs/backend-docker',
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
 * checkout being readable for another user nor see its sources. Shared by the worlds of a test file.
 */
export function installation(): Installation {
  shared ??= install();
  return shared;
}

/** An installation of a test's own, with other files in the place of some, by their path below `@bot-bottle`. */
export function tamperedInstallation(files: Readonly<Record<string, string>>): Installation {
  const made = install();
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(path.dirname(made.bin), '../..', file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  return made;
}

/** Removes the installation; a later use makes a new one. */
export function removeInstallation(): void {
  if (shared !== null) discard(shared);
  shared = null;
}

/** Removes an installation that `tamperedInstallation` made. */
export function discard({ node }: Installation): void {
  rmSync(path.dirname(path.dirname(node)), { recursive: true, force: true });
}

/** Folder in which every operator finds `program`: its own, or that of a copy when others cannot go there. */
export function reachableFolder(program: string): string {
  const folder = path.dirname(program);
  if (openToOthers(folder)) return folder;
  const copies = path.join(path.dirname(installation().node), 'programs');
  mkdirSync(copies, { recursive: true });
  const copy = path.join(copies, path.basename(program));
  if (!existsSync(copy)) copyFileSync(program, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o755);
  return copies;
}

function openToOthers(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0;
  return isOpen && (folder === '/' || openToOthers(path.dirname(folder)));
}

function install(): Installation {
  const dir = mkdtempSync(path.join(tmpdir(), 'bb-install-'));
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
