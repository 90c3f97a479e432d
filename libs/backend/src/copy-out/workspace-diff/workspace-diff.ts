import type { HostRisk } from '../risks/host-risk.ts';

/** Added, modified, deleted: by the agent, as far as the host's folder stayed what it was. */
export type ChangeStatus = 'A' | 'M' | 'D';

/** One difference of the workspace from the folder that it was copied from. All text is the bottle's. */
export interface WorkspaceChange {
  readonly status: ChangeStatus;
  /** relative to the workspace */
  readonly path: string;
  readonly what: ReadonlyArray<'content' | 'mode' | 'link' | 'type'>;
  /** whether the host's file is younger than the bottle: then the difference may be the operator's own */
  readonly hostIsNewer: boolean;
  /** null: not asked for, too large, or not text; '' for a side that is not there */
  readonly text: { readonly before: string; readonly after: string } | null;
}

/** Files that the rules which hold for the host's folder ignore, so that none was copied in. */
export interface IgnoredChanges {
  /** topmost ignored file or folder */
  readonly path: string;
  /** that are new or differ */
  readonly files: number;
  /** of those, how many could execute on the host */
  readonly risks: number;
}

export interface WorkspaceDiff {
  /** what of the changes could execute on the host */
  readonly risks: readonly HostRisk[];
  /** by path */
  readonly changes: readonly WorkspaceChange[];
  readonly ignored: readonly IgnoredChanges[];
  readonly notCompared: ReadonlyArray<{ readonly path: string; readonly why: string }>;
  /** what the tar in the bottle could not read: it looks deleted; null: nothing */
  readonly complaint: string | null;
}
