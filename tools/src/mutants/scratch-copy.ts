import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A copy of the checkout with what was built in it. Installed packages are links to those of the checkout; the
 * repository's own are those of the copy, or a bundle would hold the sources of the checkout.
 */
export function scratchCopy(root: string): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'bb-mutants-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const built = globSync('{libs,apps,sidecars}/*/dist', { cwd: root });
  if (built.length === 0) throw new Error('nothing is built: run "npm run build" first');
  for (const file of [...listed.split('\0'), ...built]) {
    if (file !== '' && existsSync(path.join(root, file)))
      cpSync(path.join(root, file), path.join(copy, file), { recursive: true, verbatimSymlinks: true });
  }
  for (const folder of ['', ...globSync('{libs,apps,sidecars}/*', { cwd: root })]) {
    const modules = path.join(root, folder, 'node_modules');
    if (existsSync(modules)) linkModules(modules, path.join(copy, folder, 'node_modules'));
  }
  symlinkSync(path.join(root, '.cache'), path.join(copy, '.cache'));
  return copy;
}

function linkModules(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '@bot-bottle')
      cpSync(path.join(from, name), path.join(to, name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(path.join(from, name), path.join(to, name));
  }
}
