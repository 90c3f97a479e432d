/** Notes what reaches it. Attacks are judged by what was added meanwhile. */
export interface Witness {
  /** Everything noted so far, oldest first. */
  readonly notes: () => readonly string[] | Promise<readonly string[]>;
  readonly close: () => void | Promise<void>;
}
