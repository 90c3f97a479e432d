import type { DeclaredBottle } from './compose/declared.ts';
import { parseFile } from './parse-file.ts';
import type { BottleFrontMatter } from './schema/bottle.ts';
import type { ManifestSource } from './source.ts';
import { validateBottle } from './validate.ts';

/**
 * Parses and validates the text of one bottle file; its name is the stem of `file`. The body is for humans and is
 * ignored. `extends` is folded by `composeBottle`, which also checks what only holds between sections.
 * @throws {ManifestErrors} all problems at once, each with its place
 */
export function parseBottle(text: string, file: string): DeclaredBottle {
  const { name, source, value } = parseFile('bottle', text, file);
  return declareBottle(name, validateBottle(value, source), source);
}

export function declareBottle(
  name: string,
  declared: BottleFrontMatter,
  source: ManifestSource,
): DeclaredBottle {
  return { name, source, declared, extends: [declared.extends ?? []].flat() };
}
