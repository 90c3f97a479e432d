import type { PushedRef, PushFacts, PushPolicy, ScanFinding } from '@bot-bottle/git-gate';

export const oid = (digit: number): string => digit.toString(16).repeat(40).slice(0, 40);

/** The policy of a manifest that says nothing. */
export const defaultPolicy: PushPolicy = {
  branches: ['**'],
  protect_default: true,
  force: false,
  delete: false,
  tags: false,
  approve: 'on_finding',
  max_bytes: 1000,
  protected_paths: null,
};

export const created = (ref: string): PushedRef => ({ ref, oldOid: null, newOid: oid(1), fastForward: true });
export const updated = (ref: string): PushedRef => ({
  ref,
  oldOid: oid(1),
  newOid: oid(2),
  fastForward: true,
});
export const rewritten = (ref: string): PushedRef => ({ ...updated(ref), fastForward: false });
export const deleted = (ref: string): PushedRef => ({
  ref,
  oldOid: oid(1),
  newOid: null,
  fastForward: false,
});

/** A push of a new branch that nothing is wrong with. */
export const goodPush: PushFacts = {
  refs: [created('refs/heads/agent/fix')],
  defaultBranch: 'refs/heads/main',
  bytes: 1000,
  pushOptions: [],
  touched: [],
  findings: [],
  hiddenObjects: 0,
  symbolicRefs: new Map(),
};

export const finding: ScanFinding = {
  rule: 'gitleaks/github-pat',
  objectType: 'blob',
  oid: oid(3),
  path: 'src/a.ts',
  commit: oid(4),
  line: 12,
  masked: 'const token = "****"',
  sha256: '0'.repeat(64),
  marked: false,
};
