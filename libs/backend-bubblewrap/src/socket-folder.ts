import { watch } from 'node:fs';
import { chmod, chown, lchown, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SidecarName } from '@bot-bottle/backend';
import type { HostUser } from './host-users.ts';

export interface SocketFolder {
  readonly path: string;
  close(): void;
}

/**
 * The folder in which a sidecar makes its socket. When sidecar and agent are different users, the socket is handed to
 * the agent's as soon as it appears: it can stay 0600, and the sidecar keeps accepting on the open descriptor.
 */
export async function openSocketFolder(
  parent: string,
  name: SidecarName,
  users: { readonly sidecar: HostUser | null; readonly agent: HostUser | null },
): Promise<SocketFolder> {
  const path = join(parent, name);
  const { sidecar, agent } = users;
  await mkdir(path, { mode: 0o700 });
  if (sidecar === null || agent === null) return { path, close: () => {} };
  await chown(path, sidecar.uid, sidecar.gid);
  await chmod(path, 0o711);
  const socket = join(path, `${name}.sock`);
  const hand = async () => {
    const entry = await lstat(socket).catch(() => null);
    // a link would be left alone anyway: lchown changes the link
    if (entry?.isSocket() === true && entry.uid === sidecar.uid)
      await lchown(socket, agent.uid, agent.gid).catch(() => {});
  };
  const watcher = watch(path, { persistent: false }, () => void hand());
  watcher.on('error', () => {});
  return { path, close: () => watcher.close() };
}
