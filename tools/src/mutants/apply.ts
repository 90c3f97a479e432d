import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Replacement } from './mutants.ts';

/** Texts of the changed files, by path. Throws when a text that would be replaced is not there exactly once. */
export function mutatedFiles(
  root: string,
  replacements: readonly Replacement[],
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { file, find, replace } of replacements) {
    const text = files.get(file) ?? readFileSync(path.join(root, file), 'utf8');
    const parts = text.split(find);
    if (parts.length !== 2)
      throw new Error(
        `${file} has ${parts.length - 1} of "${find.trim()}", not one: adapt tools/src/mutants`,
      );
    files.set(file, parts.join(replace));
  }
  return files;
}

/** Changes the files below `root`, and returns what puts them back. */
export function apply(root: string, replacements: readonly Replacement[]): () => void {
  const changed = mutatedFiles(root, replacements);
  const before = [...changed.keys()].map(
    (file) => [file, readFileSync(path.join(root, file), 'utf8')] as const,
  );
  for (const [file, text] of changed) writeFileSync(path.join(root, file), text);
  return () => {
    for (const [file, text] of before) writeFileSync(path.join(root, file), text);
  };
}
