import type { Surface } from '../contracts.ts';
import type { LayerDetector } from '../detectors/hit.ts';
import { FragmentTally } from '../fragments/fragment-tally.ts';
import { walkLayers } from '../scan/walk-layers.ts';

const MAX_NAME = 64;

/**
 * A surface named after a header or a part, whose name the sender chose: cut, in visible ASCII, and replaced by `?`
 * when the name itself holds something that must not be shown, or part of it.
 */
export function safeSurface(
  kind: 'header' | 'part',
  name: string,
  detectors: readonly LayerDetector[],
): Surface {
  const label = kind === 'header' ? name.toLowerCase() : name;
  const tally = new FragmentTally();
  const hits = walkLayers(Buffer.from(name, 'utf8'), detectors, { fold: true, tally });
  if (hits.length > 0 || !tally.isEmpty) return `${kind}:?`;
  return `${kind}:${label.slice(0, MAX_NAME).replaceAll(/[^\x21-\x7e]/g, '?')}`;
}
