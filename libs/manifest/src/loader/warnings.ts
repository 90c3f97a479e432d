/** Something that was ignored, which the operator should know of. */
export interface ManifestWarning {
  readonly code:
    | 'repository_bottles_ignored'
    | 'repository_folder_ignored'
    | 'skipped_file'
    | 'too_many_files'
    | 'unreadable_folder';
  /** may hold any character that a file system allows: show it through a sanitiser */
  readonly file: string;
  readonly message: string;
}
