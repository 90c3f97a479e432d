/** One variable of a git configuration file. Case counts in the subsection only. */
export interface GitVariable {
  readonly section: string;
  readonly subsection: string | null;
  readonly key: string;
  /** null: a key without `=`, which git reads as true */
  readonly value: string | null;
}

/** Text of a configuration file; values that hold line breaks or NUL are left out (git-config(1), "Syntax"). */
export function renderGitConfig(variables: readonly GitVariable[]): string {
  const blocks = new Map<string, string[]>();
  for (const { section, subsection, key, value } of variables) {
    if (/[\n\r\0]/.test(`${subsection ?? ''}${value ?? ''}`)) continue;
    const head = subsection === null ? `[${section}]` : `[${section} "${escape(subsection)}"]`;
    const lines = blocks.get(head) ?? [];
    lines.push(value === null ? `\t${key}` : `\t${key} = "${escape(value)}"`);
    blocks.set(head, lines);
  }
  return [...blocks].map(([head, lines]) => `${head}\n${lines.join('\n')}\n`).join('');
}

const escape = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\t', '\\t');
