/**
 * The editor's argv: what `settings.yml` says, else `$VISUAL`, `$EDITOR`, `vi`. Split on blanks only: no shell reads it,
 * so nothing in it is expanded.
 */
export function editorCommand(
  setting: string | null,
  env: Readonly<Record<string, string | undefined>>,
): readonly [string, ...string[]] {
  for (const wish of [setting, env['VISUAL'], env['EDITOR']]) {
    const [program, ...args] = (wish ?? '').split(/[ \t]+/).filter((word) => word !== '');
    if (program !== undefined) return [program, ...args];
  }
  return ['vi'];
}
