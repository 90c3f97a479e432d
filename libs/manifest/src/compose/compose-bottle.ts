import type { BottleManifest } from '../contracts.ts';
import { ManifestError, ManifestErrors } from '../errors.ts';
import { normalizeBottle } from '../normalize/bottle.ts';
import { checkComposed } from './check-composed.ts';
import type { BottleLookup } from './declared.ts';
import { foldBottles } from './fold.ts';
import { linearize, unknownBottle } from './linearize.ts';

/**
 * The effective bottle of a name: `extends` folded, rules between sections checked, defaults filled in.
 * @throws {ManifestErrors} all problems at once
 */
export function composeBottle(name: string, bottles: BottleLookup): BottleManifest {
  const bottle = bottles.get(name);
  if (bottle === undefined) {
    const words = unknownBottle(name, bottles);
    throw new ManifestErrors([
      new ManifestError({
        ...words,
        code: 'unknown_bottle',
        file: null,
        entity: 'manifest',
        path: '',
        line: null,
        column: null,
      }),
    ]);
  }
  const folded = foldBottles(linearize(bottle, bottles));
  const errors = checkComposed(folded);
  if (errors.length > 0) throw new ManifestErrors(errors);
  return normalizeBottle(name, folded);
}
