import type { ScanFinding, TouchedPath } from '@bot-bottle/git-gate';

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

export interface ScanReport {
  readonly scanner: 'gitleaks' | 'builtin';
  readonly objects: number;
  readonly bytes: number;
  /** those that already stand upstream in a version of the same file are left out */
  readonly findings: readonly ScanFinding[];
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

/** Paths that the commits of a push change; for the protected paths only. */
export type TouchedPaths = (
  request: Pick<ScanRequest, 'view' | 'tips' | 'signal'>,
  isProtected: (path: string) => boolean,
) => Promise<readonly TouchedPath[]>;
