export interface SplitArguments {
  /** for this program */
  readonly own: readonly string[];
  /** everything after the first `--`, for the agent's; null: there is no `--` */
  readonly rest: readonly string[] | null;
}

/** Cuts the command line at the first `--`: what comes after is never looked at. */
export function splitArguments(argv: readonly string[]): SplitArguments {
  const at = argv.indexOf('--');
  return at < 0 ? { own: argv, rest: null } : { own: argv.slice(0, at), rest: argv.slice(at + 1) };
}
