import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** A full collection, after which memory is what is held: what only waits for one differs from run to run. */
export function collectGarbage(): void {
  if (typeof collect !== 'function') throw new Error('this Node cannot collect garbage when it is asked to');
  collect();
}
