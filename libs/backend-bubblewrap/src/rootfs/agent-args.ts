import type { SidecarName } from '@bot-bottle/backend';
import { guestHome, guestId, ownDir, programsDir, socketPath, socketsDir } from '../guest-layout.ts';
import { memoryFiles } from '../limits.ts';
import type { ExposedPrograms } from '../programs/expose-programs.ts';
import { sharedEtc } from './etc-files.ts';
import { memoryFolder, namespaceArgs, privateArgs } from './namespace-args.ts';
import { etcArgs, systemArgs } from './system-args.ts';

export interface AgentRoot {
  /** private home folder on the host */
  readonly home: string;
  /** folder with the files of `etcFiles` */
  readonly etc: string;
  readonly etcNames: readonly string[];
  /** folder of each sidecar's socket on the host */
  readonly sockets: ReadonlyArray<{ readonly name: SidecarName; readonly folder: string }>;
  readonly programs: ExposedPrograms;
  /** host paths of our own files by their name in `ownDir` */
  readonly own: Readonly<Record<string, string>>;
}

/** Options of bwrap for the agent's environment. Later ones lie on top of earlier ones. */
export function agentArgs(root: AgentRoot): string[] {
  const sizes = memoryFiles();
  const args = [...namespaceArgs({ network: false, ids: guestId }), ...systemArgs(), ...privateArgs(sizes)];
  args.push('--symlink', '/run', '/var/run', ...memoryFolder('/var/tmp', '1777', sizes.other));
  args.push('--dir', '/etc', ...etcArgs(sharedEtc));
  for (const name of root.etcNames) args.push('--ro-bind', `${root.etc}/${name}`, `/etc/${name}`);
  args.push('--symlink', '/proc/self/mounts', '/etc/mtab');
  args.push('--bind', root.home, guestHome);
  args.push('--tmpfs', socketsDir);
  for (const { name, folder } of root.sockets)
    args.push(
      '--ro-bind',
      folder,
      `${socketsDir}/${name}`,
      '--symlink',
      socketPath(name),
      `${socketsDir}/${name}.sock`,
    );
  args.push('--remount-ro', socketsDir);
  for (const [name, source] of Object.entries(root.own)) args.push('--ro-bind', source, `${ownDir}/${name}`);
  for (const { source, target } of root.programs.binds) args.push('--ro-bind', source, target);
  args.push('--dir', programsDir);
  for (const { path, target } of root.programs.links) args.push('--symlink', target, path);
  args.push('--chdir', guestHome, '--remount-ro', '/');
  return args;
}
