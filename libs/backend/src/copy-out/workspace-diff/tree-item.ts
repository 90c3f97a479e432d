/** One side of a comparison. */
export interface TreeItem {
  /** `git`: a repository's folder, or a pointer to one that was copied as a folder */
  readonly type: 'file' | 'link' | 'git';
  readonly executable: boolean;
  /** bytes */
  readonly size: number;
  readonly linkTarget: string | null;
  /** where its content is on the host; null: it was not copied */
  readonly file: string | null;
}

export type Tree = ReadonlyMap<string, TreeItem>;
