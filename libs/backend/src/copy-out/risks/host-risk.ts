/** What of the host would run or obey a file; the order is the one of lists. */
export const riskKinds = [
  'git',
  'install',
  'shell',
  'editor',
  'agent',
  'ci',
  'build',
  'executable',
  'link',
  'name',
] as const;
export type RiskKind = (typeof riskKinds)[number];

/** One thing of a tree that a bottle made, as `hostRisks` judges it. */
export interface HostEntry {
  /** relative to the tree, `/` between names */
  readonly path: string;
  /** `other`: pipes, devices, and what was not copied */
  readonly type: 'file' | 'folder' | 'link' | 'other';
  readonly executable: boolean;
  /** null unless a link */
  readonly linkTarget: string | null;
  /** content of a file that `wantsText`; null: not looked at, e.g. because it is too large */
  readonly text: string | null;
}

/** Why something that a bottle made could execute on the host. All text is the bottle's: show it sanitised only. */
export interface HostRisk {
  readonly path: string;
  readonly kind: RiskKind;
  readonly why: string;
}
