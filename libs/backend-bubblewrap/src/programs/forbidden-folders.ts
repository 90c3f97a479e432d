import { dirname, join, relative } from 'node:path';

const credentialFolders = [
  '.aws',
  '.azure',
  '.claude',
  '.codex',
  '.config',
  '.config/gcloud',
  '.config/gh',
  '.docker',
  '.gnupg',
  '.kube',
  '.local/share/keyrings',
  '.mozilla',
  '.password-store',
  '.ssh',
  '.thunderbird',
];

/** Folders that no bottle may see: the home, its folders with credentials, our own. */
export function forbiddenFolders(home: string, botBottleHome: string): readonly string[] {
  return [
    home,
    botBottleHome,
    join(home, '.bot-bottle'),
    ...credentialFolders.map((name) => join(home, name)),
  ];
}

/**
 * Whether a folder may be shown as it is, only as a copy (it lies directly in a forbidden folder or within one with
 * credentials), or not at all (it is or contains one). All paths absolute and without links.
 */
export function exposure(folder: string, forbidden: readonly string[]): 'bind' | 'copy' | 'refuse' {
  if (forbidden.some((other) => isWithin(other, folder))) return 'refuse';
  const [home = '', ...credentials] = forbidden;
  if (dirname(folder) === home || credentials.some((other) => isWithin(folder, other))) return 'copy';
  return 'bind';
}

/** Whether `path` is `folder` or lies somewhere in it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../'));
}
