import { visibleLine } from '@bot-bottle/audit';
import type { Proposal } from './proposal.ts';

/** Most lines; a human sees by then that it is another proposal. */
const MAX_DIFFERENCES = 50;

/** What differs between a proposal as it was shown and as it is, one line each; [] when nothing does. */
export function proposalDifferences(shown: Proposal, stored: Proposal): string[] {
  const before = new Map(leaves(shown, ''));
  const after = new Map(leaves(stored, ''));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .slice(0, MAX_DIFFERENCES)
    .map((path) => {
      const [was, is] = [before, after].map((side) => visibleLine(side.get(path) ?? '(nothing)', 200));
      return `${visibleLine(path, 200)}: shown ${was}, now ${is}`;
    });
}

function leaves(value: unknown, path: string): Array<[string, string]> {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value) ?? 'null']];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
}
