import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const merged = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** The host's programs and libraries, read-only, laid out as on the host. */
export function systemArgs(): string[] {
  const args = ['--ro-bind', '/usr', '/usr'];
  for (const name of merged) args.push(...sameAsHost(`/${name}`));
  // distributions that keep everything there
  for (const store of ['/nix/store', '/gnu/store'])
    if (existsSync(store)) args.push('--ro-bind', store, store);
  return args;
}

/** Only libraries: enough for Node, and no program to run. */
export function libraryArgs(): string[] {
  const args: string[] = [];
  for (const name of ['lib', 'lib32', 'lib64']) {
    if (existsSync(`/usr/${name}`)) args.push('--ro-bind', `/usr/${name}`, `/usr/${name}`);
    args.push(...sameAsHost(`/${name}`));
  }
  // certificates that /etc/ssl/certs links to, and OpenSSL's and ICU's data
  for (const data of ['/usr/share/ca-certificates', '/usr/share/pki', '/usr/share/zoneinfo'])
    if (existsSync(data)) args.push('--ro-bind', data, data);
  for (const store of ['/nix/store', '/gnu/store'])
    if (existsSync(store)) args.push('--ro-bind', store, store);
  return args;
}

/** Files and folders of the host's /etc, links followed, what does not exist left out. */
export function etcArgs(names: readonly string[]): string[] {
  const args: string[] = [];
  for (const name of names) {
    const path = join('/etc', name);
    try {
      args.push('--ro-bind', realpathSync(path), path);
    } catch {
      // not on this host
    }
  }
  return args;
}

function sameAsHost(path: string): string[] {
  try {
    const entry = lstatSync(path);
    if (entry.isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
    return entry.isDirectory() ? ['--ro-bind', path, path] : [];
  } catch {
    return [];
  }
}
