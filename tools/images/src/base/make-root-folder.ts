import { appendFile, chmod, chown, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImagesError } from '../images-error.ts';
import { runProgram } from '../run-program.ts';
import { workspaceRoot } from '../workspace.ts';
import type { BaseRecipe } from './base-recipe.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEBIAN = 'http://deb.debian.org/debian';
const DEBOOTSTRAP_MS = 15 * 60_000;

/** Nothing that a program needs. Licences (`copyright`) stay. */
const dispensable = [
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'etc/resolv.conf',
  'etc/hostname',
  'etc/machine-id',
];

/** Fills a folder with the files of the base. Needs root. */
export async function makeRootFolder(recipe: BaseRecipe, folder: string): Promise<void> {
  const { suite, packages, architecture } = recipe;
  // Without --force-check-gpg a missing keyring is a warning, and whoever is on the way to the mirror makes the base.
  const trust = [`--keyring=${KEYRING}`, '--force-check-gpg'];
  const include = `--include=${packages.join(',')}`;
  const args = ['--variant=minbase', `--arch=${architecture}`, ...trust, include, suite, folder];
  // In a mount namespace of its own: what debootstrap mounts inside is gone with it.
  await runProgram('unshare', ['--mount', 'debootstrap', ...args, await debianMirror()], {
    limitMs: DEBOOTSTRAP_MS,
  });
  await addNode(recipe, folder);
  await addUser(folder);
  for (const path of dispensable) await rm(join(folder, path), { recursive: true, force: true });
  for (const path of ['var/log', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial'])
    await mkdir(join(folder, path), { recursive: true });
  await runProgram('find', [
    join(folder, 'usr/share/doc'),
    '-type',
    'f',
    '!',
    '-name',
    'copyright',
    '-delete',
  ]);
  // No program that becomes root: none is needed, and an agent would look for one.
  const special = ['(', '-perm', '-4000', '-o', '-perm', '-2000', ')'];
  await runProgram('find', [folder, '-xdev', '-type', 'f', ...special, '-exec', 'chmod', 'a-s', '{}', '+']);
  await writeFile(join(folder, 'etc/apt/sources.list'), sources(suite));
}

async function addNode({ node, architecture }: BaseRecipe, folder: string): Promise<void> {
  const name = `node-linux-${architecture === 'amd64' ? 'x64' : architecture}`;
  const program = join(workspaceRoot, 'node_modules', name, 'bin/node');
  const version = await runProgram(program, ['--version']).catch(() => '');
  if (version.trim() !== `v${node}`)
    throw new ImagesError(
      'missing',
      `${name} ${node} is missing: run npm ci, and compare images/versions.json`,
    );
  const target = join(folder, 'usr/local/bin/node');
  await copyFile(program, target);
  await chmod(target, 0o755);
}

async function addUser(folder: string): Promise<void> {
  await appendFile(join(folder, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/bash\n');
  await appendFile(join(folder, 'etc/group'), 'node:x:1000:\n');
  await mkdir(join(folder, 'home/node'), { mode: 0o755 });
  await chown(join(folder, 'home/node'), 1000, 1000);
}

/** The mirror that this machine already uses, where it is Debian's. */
async function debianMirror(): Promise<string> {
  const listed = await runProgram('apt-get', ['indextargets', '--format', '$(SITE)']).catch(() => '');
  const sites = new Set(listed.split('\n').map((site) => site.replace(/\/$/, '')));
  return [...sites].find((site) => /^https?:.*\/debian$/.test(site)) ?? DEBIAN;
}

const sources = (suite: string): string =>
  [
    `deb ${DEBIAN} ${suite} main`,
    `deb ${DEBIAN} ${suite}-updates main`,
    `deb ${DEBIAN}-security ${suite}-security main`,
    '',
  ].join('\n');
