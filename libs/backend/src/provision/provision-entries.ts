import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promptPath, type GuestDir, type GuestFile } from '@bot-bottle/providers';
import { guestCaFile } from '../env/guest-paths.ts';
import { BackendError } from '../errors.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { TarEntry } from '../tar/tar-entry.ts';

/** Path relative to the guest's home; everything that is provisioned lies there. */
export function homeRelative(plan: Pick<BottlePlan, 'guestHome'>, path: string): string {
  const prefix = `${plan.guestHome}/`;
  const rest = path.slice(prefix.length);
  if (
    !path.startsWith(prefix) ||
    rest.split('/').some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new BackendError('provision_failed', `${path} does not lie in the home of the bottle`, {
      data: { path },
    });
  }
  return rest;
}

export function caEntries(plan: BottlePlan, caPem: string): TarEntry[] {
  const path = homeRelative(plan, guestCaFile);
  return [
    { kind: 'dir', path: path.slice(0, path.lastIndexOf('/')), mode: 0o755 },
    { kind: 'text', path, mode: 0o644, content: caPem },
  ];
}

export function promptEntries(plan: BottlePlan): TarEntry[] {
  const path = homeRelative(plan, promptPath(plan.guestHome));
  return [{ kind: 'text', path, mode: 0o600, content: plan.agent.prompt }];
}

export function dirEntries(plan: BottlePlan, dirs: readonly GuestDir[]): TarEntry[] {
  return dirs.map((dir) => ({ kind: 'dir', path: homeRelative(plan, dir.path), mode: dir.mode }));
}

export async function* fileEntries(plan: BottlePlan, files: readonly GuestFile[]): AsyncGenerator<TarEntry> {
  for (const file of files) {
    const path = homeRelative(plan, file.path);
    if ('content' in file.source) yield { kind: 'text', path, mode: file.mode, content: file.source.content };
    else yield* hostEntries(file.source.hostPath, path, file.mode);
  }
}

/** A file or folder of the host; links and special files in a folder are left out. */
async function* hostEntries(hostPath: string, path: string, mode: number): AsyncGenerator<TarEntry> {
  const found = await lstat(hostPath).catch((error: unknown) => {
    throw new BackendError('provision_failed', `${hostPath} cannot be read`, {
      data: { hostPath },
      cause: error,
    });
  });
  if (found.isDirectory()) {
    yield { kind: 'dir', path, mode: mode | 0o700 };
    for (const name of (await readdir(hostPath)).toSorted())
      yield* hostEntries(join(hostPath, name), `${path}/${name}`, mode);
  } else if (found.isFile()) {
    yield { kind: 'host-file', path, mode, hostPath };
  }
}
