import type { DenialCode } from '@bot-bottle/audit';

/** One ref of a push, as the gate has proved it. Refs are full names. */
export interface PushedRef {
  readonly ref: string;
  /** what the ref is at upstream (and in the mirror); null: it does not exist */
  readonly oldOid: string | null;
  /** null: delete the ref */
  readonly newOid: string | null;
  /** whether `oldOid` is an ancestor of `newOid`; true for a new ref, false for a deletion */
  readonly fastForward: boolean;
}

/** A path that some commit of the push changes, or that a ref gets otherwise with it. */
export interface TouchedPath {
  readonly path: string;
  readonly commit: string;
}

/** A secret in an object of the push. It never holds the value. */
export interface ScanFinding {
  /** stable id with its scanner, e.g. `gitleaks/github-pat`, `token_patterns/github-pat`, `canary/…` */
  readonly rule: string;
  readonly objectType: 'blob' | 'tree' | 'commit' | 'tag' | 'ref';
  /** null for a ref name */
  readonly oid: string | null;
  /** path of the blob or tree, null for anything else */
  readonly path: string | null;
  /** a commit that brings it, null when not known */
  readonly commit: string | null;
  /** 1-based, null when it is only found after decoding */
  readonly line: number | null;
  /** the line with the value masked, at most 200 characters */
  readonly masked: string;
  /** SHA-256, hex, of the value */
  readonly sha256: string;
  /** the line asks to be ignored (`gitleaks:allow`) */
  readonly marked: boolean;
}

/** Everything that the push policy looks at; pure data. */
export interface PushFacts {
  readonly refs: readonly PushedRef[];
  /** full name of the upstream's default branch, null when it has none yet */
  readonly defaultBranch: string | null;
  /** upstream's symbolic refs: full name → the ref that it is another name of */
  readonly symbolicRefs: ReadonlyMap<string, string>;
  /** bytes received */
  readonly bytes: number;
  readonly pushOptions: readonly string[];
  readonly touched: readonly TouchedPath[];
  readonly findings: readonly ScanFinding[];
  /** objects in the pack that no pushed ref reaches */
  readonly hiddenObjects: number;
}

export interface PushPolicy {
  readonly branches: readonly string[];
  readonly protect_default: boolean;
  readonly force: boolean;
  readonly delete: boolean;
  readonly tags: boolean;
  readonly approve: 'never' | 'on_finding' | 'always';
  /** bytes */
  readonly max_bytes: number;
  /** globs; null: the built-in list */
  readonly protected_paths: readonly string[] | null;
}

export const checkNames = [
  'options',
  'size',
  'refs',
  'branches',
  'tags',
  'delete',
  'force',
  'hidden',
  'findings',
  'marked-findings',
  'default-branch',
  'protected-paths',
  'approve-always',
] as const;
export type CheckName = (typeof checkNames)[number];

/**
 * What one check says of one thing; `subject` is a ref, a path or a file with line. Both texts hold names as the push has
 * them: show them through `visibleLine`.
 */
export type CheckRecord =
  | { readonly check: CheckName; readonly result: 'allowed' }
  | {
      readonly check: CheckName;
      readonly result: 'refused';
      readonly code: DenialCode;
      readonly subject: string;
      readonly why: string;
    }
  | {
      readonly check: CheckName;
      readonly result: 'needs-approval';
      /** code when nobody can be asked */
      readonly code: DenialCode;
      readonly subject: string;
      readonly why: string;
    };

export interface PushDecision {
  readonly outcome: 'allowed' | 'refused' | 'needs-approval';
  /** what every check said, in order; each check is there at least once */
  readonly records: readonly CheckRecord[];
}
