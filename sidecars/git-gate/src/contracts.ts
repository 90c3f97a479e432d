import type { DenialCode } from '@bot-bottle/audit';
import type { GateRepo, ScanFinding, TouchedPath } from '@bot-bottle/git-gate';

/** A bare repository as git's programs are to see it: a mirror, or a mirror with a quarantine in front. */
export interface RepositoryView {
  readonly gitDir: string;
  /** where new objects are (GIT_OBJECT_DIRECTORY), null: the repository's own folder */
  readonly objects: string | null;
  /** folders that are read besides (GIT_ALTERNATE_OBJECT_DIRECTORIES) */
  readonly alternates: readonly string[];
}

/** One bounded run of git. */
export interface GitRun {
  readonly args: readonly string[];
  readonly view: RepositoryView | null;
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** most bytes of stdout that are kept; beyond it the run fails */
  readonly maxOutput?: number;
  readonly signal?: AbortSignal;
  /** lines of stderr as they come, at most 1,000, each at most 1,000 characters */
  readonly onErrorLine?: (line: string) => void;
}

export interface GitResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  /** last lines of stderr */
  readonly stderr: readonly string[];
}

/** git with an environment built from nothing: no system or user configuration. */
export interface Git {
  /** Resolves whatever the exit code. Throws `GitGateServerError` (`git_failed`) on time-out, overflow and abort. */
  run(run: GitRun): Promise<GitResult>;
  /** Streams stdout. Throws like `run`, and `git_failed` when the exit code is not 0. */
  stream(run: GitRun): AsyncIterable<Buffer>;
}

export interface ScanRequest {
  /** mirror with the quarantine in front */
  readonly view: RepositoryView;
  /** what the push brings: the new object of every ref that is not deleted, with its name */
  readonly tips: ReadonlyArray<{ readonly ref: string; readonly oid: string }>;
  readonly signal: AbortSignal;
  /** at most a few a second; becomes progress on the client's terminal */
  readonly onProgress: (text: string) => void;
}

/** Where a push has something that was found. */
export interface FindingPlace {
  readonly ref: string;
  /** as git has it: it may hold a secret; null: it is no file */
  readonly path: string | null;
  /** first commit that has it there, null when not known */
  readonly commit: string | null;
}

export interface LocatedFinding extends ScanFinding {
  /** all of them, of a marked finding only; none when there are too many to tell */
  readonly places: readonly FindingPlace[];
}

export interface ScanReport {
  readonly scanner: 'gitleaks' | 'builtin';
  readonly objects: number;
  readonly bytes: number;
  /** those that already stand upstream in a version of the same file are left out */
  readonly findings: readonly LocatedFinding[];
  /** Whether a text of the push, such as a name, holds something that was found in it or that looks like a secret. */
  readonly holdsSecret: (text: string) => boolean;
  /** objects in the quarantine that no tip reaches and that the mirror does not have */
  readonly hiddenObjects: number;
  /** milliseconds spent in the scanner */
  readonly scannerMs: number;
}

/**
 * Scans every object that a push brings and upstream does not have.
 *
 * @throws GitGateServerError `scanner_unavailable` when the scanner is absent, crashes, hangs, or misses its planted
 *   control; never returns a report then
 */
export type PushScanner = (request: ScanRequest) => Promise<ScanReport>;

export interface TouchedPathsRequest extends Pick<ScanRequest, 'view' | 'signal'> {
  readonly updates: readonly RefUpdate[];
  /** full name; null: the upstream has none */
  readonly defaultBranch: string | null;
}

/** Paths that the commits of a push change, or that its refs get otherwise; for the protected paths only. */
export type TouchedPaths = (
  request: TouchedPathsRequest,
  isProtected: (path: string) => boolean,
) => Promise<readonly TouchedPath[]>;

/** A change of one ref at the upstream; null: it does not exist before, or not any more after. */
export interface RefUpdate {
  readonly ref: string;
  readonly oldOid: string | null;
  readonly newOid: string | null;
}

export type ForwardResult =
  | { readonly ref: string; readonly outcome: 'accepted' }
  /** the upstream (or its lease) refused this ref; `why` is for a human, already made visible */
  | { readonly ref: string; readonly outcome: 'refused'; readonly code: DenialCode; readonly why: string };

export interface ForwardRequest {
  /** where the new objects are */
  readonly view: RepositoryView;
  /** `oldOid` is the lease */
  readonly updates: readonly RefUpdate[];
  readonly signal: AbortSignal;
  /** what the upstream says while it takes the push, made visible, bounded */
  readonly onUpstreamLine: (line: string) => void;
}

/** The bare mirror of one upstream. Its refs are what the upstream had at the last refresh or accepted since. */
export interface Mirror {
  readonly repo: GateRepo;
  readonly gitDir: string;
  /** folder of this repository's quarantine-like folders: held pushes, scans; on the same file system as the mirror */
  readonly workDir: string;
  /**
   * Brings the mirror up to what the upstream has now. Coalesced: whoever asks while one is under way shares the next.
   *
   * @throws GitGateServerError `refresh_failed` with the reason, `limit_exceeded` when the mirror is too large
   */
  refresh(signal: AbortSignal): Promise<void>;
  /** Whether a refresh that began less than so long ago succeeded, with no `invalidate` since. */
  isFresh(withinMs: number): boolean;
  /** Says that the upstream may have moved: nothing counts as fresh until the next refresh. */
  invalidate(): void;
  /** Every branch and tag, by full name. */
  refs(): Promise<ReadonlyMap<string, string>>;
  /** full name, null while the upstream has none */
  defaultBranch(): string | null;
  /** Upstream's symbolic refs by full name, with the ref that each is another name of; as far as the upstream tells. */
  symbolicRefs(): ReadonlyMap<string, string>;
  /**
   * Refresh, push and held forward of one repository exclude each other, in the order of asking; waiting ends with the
   * signal (`git_failed`). `refresh` of the mirror itself would wait for this lock for ever: inside, use the one given.
   */
  withLock<T>(signal: AbortSignal, work: (held: LockedMirror) => Promise<T>): Promise<T>;
  /**
   * Pushes to the upstream: leases on `oldOid`, `--atomic` for more than one ref, one ref after the other where the
   * server cannot. Call it inside the lock. One result per update; throws `git_failed` when the outcome is not known
   * (lost connection, time-out): the next refresh tells. Unless all are accepted, the mirror is not fresh any more.
   */
  forward(request: ForwardRequest): Promise<readonly ForwardResult[]>;
  /** Replaces the private key (text); null: connecting is refused. */
  setKey(key: string | null): Promise<void>;
  /** Ends what runs, removes the key. A mirror that was closed is kept by the next start, any other thrown away. */
  close(): Promise<void>;
}

/** What only the holder of the lock may do. */
export interface LockedMirror {
  /** Like `Mirror.refresh`, at once. */
  refresh(signal: AbortSignal): Promise<void>;
}
