import { extname } from 'node:path';
import { sidecarScratch, type SidecarSpec } from '@bot-bottle/backend';
import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';
import { guestHome, guestId, ownDir, socketsDir } from '../guest-layout.ts';
import { fewFiles } from '../limits.ts';
import { sidecarEtc, sidecarNetworkEtc } from './etc-files.ts';
import { memoryFolder, namespaceArgs, privateArgs } from './namespace-args.ts';
import type { Bind } from '../programs/sidecar-programs.ts';
import { etcArgs, libraryArgs } from './system-args.ts';

export interface SidecarRoot {
  readonly node: string;
  /** the sidecar's program on the host */
  readonly program: string;
  /** folder for its socket on the host, null: the agent has no way to it */
  readonly sockets: string | null;
  /** programs of the host that it may run; [] none */
  readonly programs: readonly Bind[];
  /** folder on the host with its `passwd` and `group`, which ssh asks for its user; null: none */
  readonly users: string | null;
  /** its hosts file on the host, null: that of the host */
  readonly hosts: string | null;
  /** its folder on disk, null: none */
  readonly scratch: string | null;
  /** Node's compiled code of the program, null: none */
  readonly codeCache: { readonly folder: string; readonly writable: boolean } | null;
}

const userFiles = ['passwd', 'group'] as const;

const codeCacheDir = `${ownDir}/code-cache`;

/** Where the program lies inside: with an extension that says it is a module, whatever it was called outside. */
export function sidecarProgram(spec: SidecarSpec): string {
  return `${ownDir}/${spec.name}${extname(spec.program) === '.ts' ? '.mts' : '.mjs'}`;
}

export function sidecarCommand(spec: SidecarSpec): string[] {
  return [`${ownDir}/node`, ...sidecarRuntime(spec.name).options, sidecarProgram(spec)];
}

/** Whether the sidecar is the first process of its sandbox, and not the child of one that takes up orphans. */
export const isFirstProcess = ({ programs }: SidecarSpec): boolean => programs.length === 0;

/**
 * Options of bwrap for one sidecar: Node, its libraries, one program file, a folder to put its socket in, and what it
 * asked for besides.
 */
export function sidecarArgs(spec: SidecarSpec, root: SidecarRoot): string[] {
  return [
    namespaceArgs({ network: spec.network, ids: guestId }),
    // Programs leave children behind, e.g. ssh that shares a connection; those are for bwrap to take up when they end.
    isFirstProcess(spec) ? ['--as-pid-1'] : [],
    libraryArgs(),
    privateArgs(fewFiles),
    ['--dir', '/etc'],
    etcArgs([...sidecarEtc, ...(spec.network ? sidecarNetworkEtc : [])]),
    userFiles.flatMap((name) =>
      root.users === null ? [] : ['--ro-bind', `${root.users}/${name}`, `/etc/${name}`],
    ),
    root.hosts === null ? [] : ['--ro-bind', root.hosts, '/etc/hosts'],
    root.programs.flatMap(({ source, target }) => ['--ro-bind', source, target]),
    root.scratch === null ? [] : ['--bind', root.scratch, sidecarScratch],
    memoryFolder(guestHome, '0700', fewFiles.other),
    ['--ro-bind', root.node, `${ownDir}/node`],
    ['--ro-bind', root.program, sidecarProgram(spec)],
    root.sockets === null ? [] : ['--bind', root.sockets, socketsDir],
    root.codeCache === null
      ? []
      : [root.codeCache.writable ? '--bind' : '--ro-bind', root.codeCache.folder, codeCacheDir],
    ['--clearenv', '--setenv', 'HOME', guestHome, '--setenv', 'BOT_BOTTLE_CONTROL', 'stdio'],
    Object.entries(sidecarRuntime(spec.name).env).flatMap(([name, value]) => ['--setenv', name, value]),
    root.codeCache === null ? [] : ['--setenv', 'NODE_COMPILE_CACHE', codeCacheDir],
    ['--chdir', guestHome, '--remount-ro', '/'],
  ].flat();
}
