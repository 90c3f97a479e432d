import { basename } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { OnStep } from './step.ts';

export const backendNames = ['docker', 'bubblewrap', 'smolmachines'] as const;
export type BackendName = (typeof backendNames)[number];

export interface ExitStatus {
  /** exit code, null when a signal ended the process */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A sidecar as the backend runs it: stdio is the control channel, stderr its log. */
export interface SidecarProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** host-side process id, null when it is not a process of this host */
  readonly pid: number | null;
  readonly exited: Promise<ExitStatus>;
  kill(signal: NodeJS.Signals): void;
}

export const sidecarNames = ['egress', 'git-gate', 'supervise'] as const;
export type SidecarName = (typeof sidecarNames)[number];

/** The guard of a bottle. It stands behind egress: the agent has no way to it. */
export const guardName = 'pipelock';
/** Whatever runs beside the agent. */
export type HelperName = SidecarName | typeof guardName;

export interface SidecarSpec {
  readonly name: HelperName;
  /** self-contained ESM file on the host */
  readonly program: string;
  /** whether the sidecar may use the host's network */
  readonly network: boolean;
  /** absolute paths of host executables that it may run, each at `sidecarProgram(path)`; [] shows none */
  readonly programs: readonly string[];
  /** name → address that its resolver must give, besides those of the host; absent: none */
  readonly hosts?: Readonly<Record<string, string>>;
  /** whether it gets a private folder on disk at `sidecarScratch`, which goes with the bottle */
  readonly scratch: boolean;
}

/** Where a sidecar that asked for one sees its folder on disk: its own, 0700, kept while it is restarted. */
export const sidecarScratch = '/var/lib/bot-bottle';

/** Where a sidecar sees its home: empty, private, in memory. */
export const sidecarHome = '/home/node';

/** Where a sidecar sees a program that it may run, on every backend. */
export function sidecarProgram(path: string): string {
  return `/opt/bot-bottle/bin/${basename(path)}`;
}

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** working directory in the guest; default the bottle's workdir */
  readonly cwd?: string;
  /** run on a pseudo-terminal of this size; null or absent: pipes */
  readonly tty?: TerminalSize | null;
}

/** A live process in a bottle. With a tty, `stderr` is empty: everything comes on `stdout`. */
export interface BottleProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  resize(size: TerminalSize): void;
  kill(signal: NodeJS.Signals): void;
}

/** An isolated environment, up and reachable only through the backend. */
export interface Bottle {
  readonly identity: string;
  /** folders of the operator's programs in the guest, for the PATH of what runs inside */
  readonly pathEntries?: readonly string[];
  spawn(argv: readonly string[], options?: SpawnOptions): Promise<BottleProcess>;
  /** Resolves when nothing of the agent runs any more. */
  readonly exited: Promise<void>;
  close(): Promise<void>;
}

export interface Capabilities {
  readonly rootExec: boolean;
  readonly rebuild: boolean;
  readonly gvisor: boolean;
  /** of memory, cpus, pids, disk: those that are really enforced here */
  readonly resourceLimits: readonly ('memory' | 'cpus' | 'pids' | 'disk')[];
}

export type Availability =
  | { readonly available: true; readonly detail: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** What a backend needs to know to open a bottle; no secrets. */
export interface BottleSpec {
  readonly identity: string;
  /** folder of this bottle's state, exists, 0700 */
  readonly stateDir: string;
  /** environment of every process in the bottle except what `SpawnOptions.env` adds */
  readonly workdir: string;
  /** host programs that must run inside: absolute path of the executable */
  readonly programs: readonly string[];
  /** extra folders to show read-only, from settings */
  readonly programDirs: readonly string[];
  readonly resources: {
    readonly memory: number | null;
    readonly cpus: number | null;
    readonly pids: number | null;
    readonly disk: number | null;
  };
  /** sidecars that the bottle can reach, by the port of its bridge */
  readonly sidecars: readonly SidecarName[];
  /** true: the home that an earlier launch left is used, and `open` fails with `state_missing` without one */
  readonly resumed?: boolean;
  /** what the agent's environment is made of, for backends that have images; absent: their plainest */
  readonly image?: BottleImage;
}

export interface BottleImage {
  /** name that the provider gives it */
  readonly name: string;
  /** Dockerfile on the host that it is built of instead, null: none */
  readonly dockerfile: string | null;
  /**
   * text of a Dockerfile that an operator approved for this one bottle, see `checkDockerfile`; its stage `agent` is what
   * the two others name. Absent or null: none. What it makes is the agent's, and is trusted no more than the agent.
   */
  readonly rebuilt?: string | null;
}

export interface OpenOptions {
  /** told in one safe line what takes long, e.g. the building of an image */
  readonly onProgress?: (what: string) => void;
  /** told in one safe line what went wrong in the bottle without ending it, e.g. that its memory ran out */
  readonly onWarning?: (message: string) => void;
  /** told how long each step took */
  readonly onStep?: OnStep;
  /** Aborting ends what takes long. */
  readonly signal?: AbortSignal;
}

/** One bottle being set up: sidecars and the agent's environment start independently and in parallel. */
export interface BottleHost {
  /** whether the self-check mostly waits, so that other work costs no time beside it; default false */
  readonly checkWaits?: boolean;
  /** where the sidecar must listen, e.g. `unix:/run/bot-bottle/egress.sock` as seen by the sidecar */
  listenAddress(name: SidecarName): string;
  /** @param signal aborting gives up a sidecar that does not run yet; one that does is its caller's to end */
  startSidecar(spec: SidecarSpec, signal?: AbortSignal): Promise<SidecarProcess>;
  /** Starts the environment; sidecars need not be up yet. */
  startBottle(): Promise<Bottle>;
  /** Proves from inside that nothing but the sidecars answers. Throws `BackendError` when something does. */
  selfCheck(bottle: Bottle): Promise<void>;
  /**
   * Builds the image that a later life of this bottle gets with this Dockerfile as `BottleImage.rebuilt`, in bounded
   * time and memory and without network. The bottle that runs does not notice. Absent: this backend has no images.
   *
   * @throws BackendError `launch_failed` with what the build said
   */
  rebuild?(dockerfile: string, options: Pick<OpenOptions, 'signal' | 'onProgress'>): Promise<void>;
  /** host-side process ids that belong to this bottle, for tests and diagnostics */
  pids(): readonly number[];
  /** Undoes everything, in reverse order; failures are returned, not thrown. */
  close(): Promise<readonly string[]>;
}

export interface Leftover {
  readonly backend: BackendName;
  readonly kind: 'process' | 'socket' | 'folder' | 'container' | 'network' | 'volume' | 'mount';
  readonly identity: string | null;
  readonly description: string;
  remove(): Promise<void>;
}

export interface Backend {
  readonly name: BackendName;
  readonly capabilities: Capabilities;
  /** Whether this backend works here; when not, what to change. */
  probe(): Promise<Availability>;
  open(spec: BottleSpec, options?: OpenOptions): Promise<BottleHost>;
  /** What earlier bottles left behind and no live owner claims. */
  leftovers(liveIdentities: ReadonlySet<string>): Promise<readonly Leftover[]>;
}
