import type { ScanFinding } from '@bot-bottle/git-gate';
import type { Git, RepositoryView } from '../contracts.ts';

/** What is scanned: an object of the push, or the name of a ref. */
export interface ScannedObject {
  readonly type: ScanFinding['objectType'];
  readonly oid: string | null;
  /** of a blob or tree as rev-list tells it, `.` for a tree at the root */
  readonly path: string | null;
}

/** Some bytes of an object, in order; objects do not overlap. */
export interface Piece {
  readonly object: ScannedObject;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/** A scanner's word for one place (or, with `start` null, for something that only decoding shows). */
export interface RawFinding {
  readonly scanner: 'gitleaks' | 'dlp';
  readonly rule: string;
  readonly object: ScannedObject;
  /** first byte in the object */
  readonly start: number | null;
  readonly end: number;
  /** 1-based */
  readonly line: number | null;
  readonly sha256: string;
  /** spellings of the value, none of them empty; none where only the hash can tell */
  readonly values: readonly Buffer[];
  readonly marked: boolean;
  /** bytes around the finding, on its first line */
  readonly excerpt: { readonly bytes: Buffer; readonly start: number } | null;
}

/** How the parts of a scan reach git. */
export interface GitAccess {
  readonly git: Git;
  readonly view: RepositoryView;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Findings of one push; more than this many say nothing more. */
export const MAX_FINDINGS = 10_000;

/** Replace refs must lie to nobody, and a path is never a pattern. */
export const gitEnv = { GIT_NO_REPLACE_OBJECTS: '1', GIT_LITERAL_PATHSPECS: '1' } as const;
