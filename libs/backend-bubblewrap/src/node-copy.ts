import { realpathSync } from 'node:fs';
import { cachedCopy } from './programs/program-cache.ts';

/**
 * Node for init and sidecars: a copy that can be run but not read. The kernel then refuses every other process of the
 * same user its memory, descriptors and environment (linux, fs/exec.c, would_dump), which no seccomp rule covers: the
 * way to them is a file in /proc.
 */
export function nodeCopy(cache: string): Promise<string> {
  return cachedCopy(realpathSync(process.execPath), { folder: cache, mode: 0o111 });
}
