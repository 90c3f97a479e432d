/** Something that was unpacked. */
export interface CopiedEntry {
  /** below the top; '' is the copied thing itself */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link';
  readonly executable: boolean;
  /** bytes; 0 unless a file */
  readonly size: number;
  /** null unless a link */
  readonly linkTarget: string | null;
}

/** Something that was not, and why. */
export interface SkippedEntry {
  /** as in the archive */
  readonly path: string;
  /** below the top; null: its name leads elsewhere */
  readonly inside: string | null;
  readonly type: 'file' | 'link' | 'other';
  /** null unless a link */
  readonly linkTarget: string | null;
  readonly why: string;
}
