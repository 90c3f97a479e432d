import { visibleLine } from '@bot-bottle/audit';

/** A ref as a human says it: `branch main`, `tag v1`, else the full name. */
export function refLabel(ref: string): string {
  const branch = /^refs\/heads\/(.+)$/s.exec(ref)?.[1];
  if (branch !== undefined) return `branch ${visibleLine(branch)}`;
  const tag = /^refs\/tags\/(.+)$/s.exec(ref)?.[1];
  return tag === undefined ? visibleLine(ref) : `tag ${visibleLine(tag)}`;
}
