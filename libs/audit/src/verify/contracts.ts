import type { Layer } from '../events.ts';

export const problemKinds = [
  'changed',
  'removed',
  'inserted',
  'reordered',
  'missing-tail',
  'missing-final',
  'torn-last-line',
  'heads-changed',
] as const;
/**
 * `changed`: a line is not what was written. `removed`: lines are missing before a later one. `inserted`: a line
 * that the writer did not write, or a copy. `reordered`: a genuine line in another place. `missing-tail`: a head
 * knows of later lines. `missing-final`: the writer was killed. `torn-last-line`: a write was cut short.
 * `heads-changed`: heads.jsonl itself was changed or lacks the head of a final record.
 */
export type ProblemKind = (typeof problemKinds)[number];

export interface AuditProblem {
  readonly kind: ProblemKind;
  /** null when it concerns heads.jsonl */
  readonly layer: Layer | null;
  /** name of the file inside the bottle's folder, or heads.jsonl */
  readonly file: string;
  /** line in that file, from 1; null when the line does not exist */
  readonly line: number | null;
  /** one sentence without anything from the log */
  readonly message: string;
}

/** A past crash from which the chain was continued; not a sign of tampering. */
export interface AuditNote {
  readonly kind: 'recovered';
  readonly layer: Layer;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface AuditVerification {
  /** whether there are no problems */
  readonly ok: boolean;
  /** whether a live process writes the log: its final records are not due yet */
  readonly live: boolean;
  readonly problems: readonly AuditProblem[];
  readonly notes: readonly AuditNote[];
  /** complete lines in all files of the bottle */
  readonly lines: number;
}

/** A line as the examination sees it. */
export interface ScannedLine {
  readonly file: string;
  readonly line: number;
  /** what the line claims; null when it cannot be parsed */
  readonly seq: number | null;
  readonly prev: string;
  readonly hash: string;
  readonly action: string;
  /** byte for byte a line of this chain with a right hash of its own */
  readonly genuine: boolean;
}

export interface ScannedLayer {
  readonly layer: Layer;
  readonly lines: readonly ScannedLine[];
  readonly files: number;
  readonly currentFile: string;
  /** the current file does not end with a newline */
  readonly torn: boolean;
}
