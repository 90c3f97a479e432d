import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, lchown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SidecarSpec } from '@bot-bottle/backend';
import { startSandbox } from './bwrap/sandbox-process.ts';
import { ensureOwnFolder } from './host-folders.ts';
import type { HostUser } from './host-users.ts';
import { fingerprintOf } from './programs/program-cache.ts';
import { sidecarArgs, sidecarCommand, type SidecarRoot } from './rootfs/sidecar-args.ts';

const LIMIT_MS = 10_000;

interface CodeCacheOptions {
  readonly folder: string;
  readonly bwrap: string;
  readonly seccomp: Buffer | null;
  readonly user: HostUser | null;
}

/**
 * Folder with Node's compiled form of a sidecar's program, which halves the time until it listens. It is made once per
 * version of the program, by running it with an input that ends at once, without network and secrets; afterwards no
 * sidecar can write to it, so that one which was taken over cannot change what the next one runs.
 *
 * @returns null when it cannot be made: the sidecar then compiles for itself
 */
export async function codeCache(
  spec: SidecarSpec,
  root: Omit<SidecarRoot, 'codeCache'>,
  options: CodeCacheOptions,
): Promise<string | null> {
  const key = fingerprintOf(
    root.program,
    `${process.version} ${process.arch} ${sidecarCommand(spec).join(' ')}`,
  );
  const entry = join(options.folder, `code-${key}`);
  if (existsSync(entry)) return entry;
  await ensureOwnFolder(options.folder, 0o755);
  const draft = join(options.folder, `.new-${randomBytes(8).toString('hex')}`);
  const sockets = `${draft}-sockets`;
  try {
    for (const path of [draft, sockets]) {
      await mkdir(path, { mode: 0o700 });
      if (options.user !== null) await chown(path, options.user.uid, options.user.gid);
    }
    await compile(
      { ...spec, network: false },
      { ...root, sockets, codeCache: { folder: draft, writable: true } },
      options,
    );
    await takeOver(draft);
    await rename(draft, entry);
    return entry;
  } catch {
    return existsSync(entry) ? entry : null;
  } finally {
    await rm(draft, { recursive: true, force: true });
    await rm(sockets, { recursive: true, force: true });
  }
}

async function compile(spec: SidecarSpec, root: SidecarRoot, options: CodeCacheOptions): Promise<void> {
  const sandbox = startSandbox({
    bwrap: options.bwrap,
    args: sidecarArgs(spec, root),
    command: sidecarCommand(spec),
    seccomp: options.seccomp,
    user: options.user,
    channel: false,
  });
  sandbox.stdout?.resume();
  sandbox.stderr.resume();
  sandbox.stdin?.on('error', () => {}).end();
  const timer = setTimeout(() => void sandbox.destroy().catch(() => {}), LIMIT_MS);
  await sandbox.exited;
  clearTimeout(timer);
  await sandbox.destroy();
}

async function takeOver(path: string): Promise<void> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    await lchown(child, uid, gid);
    if (entry.isDirectory()) await takeOver(child);
    else if (entry.isFile()) await chmod(child, 0o644);
    else await rm(child, { force: true });
  }
  await chown(path, uid, gid);
  await chmod(path, 0o755);
}
