import { compileGlob } from './compile-glob.ts';

/** Whether a short branch name (`agent/fix`, not `refs/heads/agent/fix`) fits one of the globs, exactly. `[]` fits none. */
export function branchMatcher(globs: readonly string[]): (branch: string) => boolean {
  const compiled = globs.map(compileGlob);
  return (branch) => {
    const segments = branch.split('/');
    return compiled.some((glob) => glob.matches(segments));
  };
}
