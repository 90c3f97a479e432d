/**
 * Whether the items from `start` on fit the pattern, in which a `wild` element stands for any number of items and any
 * other for exactly one. Remembering only the last wild element is enough, because an earlier one can never do better;
 * so the work is at most items × pattern, whatever the input.
 */
export function matchSequence<P, T>(
  pattern: readonly P[],
  items: readonly T[],
  isWild: (element: P) => boolean,
  fits: (element: P, item: T) => boolean,
): boolean {
  let at = 0;
  let wildAt = -1;
  let resumeAt = 0;
  for (let index = 0; index < items.length;) {
    const element = pattern[at];
    const item = items[index];
    if (element !== undefined && isWild(element)) {
      wildAt = at;
      resumeAt = index;
      at += 1;
    } else if (element !== undefined && item !== undefined && fits(element, item)) {
      at += 1;
      index += 1;
    } else if (wildAt >= 0) {
      resumeAt += 1;
      index = resumeAt;
      at = wildAt + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((element) => isWild(element));
}
