import { showKey } from '../problem.ts';
import { errorAt } from '../source.ts';
import { type ManifestError, ManifestErrors } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { BottleLookup, DeclaredBottle } from './declared.ts';

/** Longest chain of `extends`. */
const MAX_DEPTH = 64;

/**
 * The bottles that make up one bottle, in the order in which they are folded: parents left to right before their
 * child, each once however many ways lead to it.
 * @throws {ManifestErrors} unknown_bottle, extends_self, extends_cycle, extends_too_deep
 */
export function linearize(bottle: DeclaredBottle, bottles: BottleLookup): DeclaredBottle[] {
  const order: DeclaredBottle[] = [];
  const done = new Set<string>();
  const errors: ManifestError[] = [];
  const visit = (current: DeclaredBottle, chain: readonly string[]): void => {
    if (done.has(current.name)) return;
    done.add(current.name);
    const here = [...chain, current.name];
    for (const [index, parentName] of current.extends.entries()) {
      const error = checkParent(current, parentName, index, here, bottles);
      if (error !== null) {
        errors.push(error);
        continue;
      }
      const parent = bottles.get(parentName);
      if (parent !== undefined) visit(parent, here);
    }
    order.push(current);
  };
  visit(bottle, []);
  if (errors.length > 0) throw new ManifestErrors(errors);
  return order;
}

function checkParent(
  child: DeclaredBottle,
  parent: string,
  index: number,
  chain: readonly string[],
  bottles: BottleLookup,
): ManifestError | null {
  const isList = Array.isArray(child.declared.extends);
  const place = { path: isList ? ['extends', index] : ['extends'], at: 'value' as const };
  if (parent === child.name) {
    return errorAt(child.source, {
      ...place,
      code: 'extends_self',
      message: 'a bottle cannot extend itself',
      hint: 'remove the name',
    });
  }
  if (chain.includes(parent)) {
    const cycle = [...chain.slice(chain.indexOf(parent)), parent].join(' → ');
    return errorAt(child.source, {
      ...place,
      code: 'extends_cycle',
      message: `\`extends\` forms a cycle: ${cycle}`,
      hint: 'remove one of the links',
    });
  }
  if (chain.length >= MAX_DEPTH) {
    return errorAt(child.source, {
      ...place,
      code: 'extends_too_deep',
      message: `the chain of \`extends\` is longer than ${MAX_DEPTH}`,
      hint: null,
    });
  }
  if (bottles.get(parent) !== undefined) return null;
  const { message, hint } = unknownBottle(parent, bottles);
  return errorAt(child.source, { ...place, code: 'unknown_bottle', message, hint });
}

/** Words for a bottle name that nothing defines. */
export function unknownBottle(name: string, bottles: BottleLookup): { message: string; hint: string | null } {
  const known = [...bottles.keys()].toSorted();
  const near = nearest(name, known);
  const list =
    known.length === 0 ? 'no bottle is defined' : `known bottles: ${known.slice(0, 50).join(', ')}`;
  return {
    message: `there is no bottle \`${showKey(name)}\`; ${list}`,
    hint: near === null ? 'bottles are read from the home folder only' : `did you mean \`${near}\`?`,
  };
}
