/**
 * JSON in which everything that a terminal could act on, or that cannot be seen, is an escape: it means the same to a
 * program.
 *
 * @param indent spaces; 0: one line
 */
export function jsonText(value: unknown, indent: number = 0): string {
  // Line breaks are ours: those in strings are escapes already.
  return JSON.stringify(value, null, indent).replaceAll(
    /[^\P{C}\n]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (character) =>
      Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  );
}

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
