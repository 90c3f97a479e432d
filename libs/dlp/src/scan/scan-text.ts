import type { AllowEntry, Finding, Surface } from '../contracts.ts';
import type { LayerDetector } from '../detectors/hit.ts';
import { toFindings } from '../findings/to-findings.ts';
import { FragmentTally } from '../fragments/fragment-tally.ts';
import type { FragmentWindow } from '../fragments/fragment-window.ts';
import { walkLayers } from './walk-layers.ts';

/** What every scan of a scanner has in common. */
export interface ScanContext {
  readonly detectors: readonly LayerDetector[];
  readonly allow: readonly AllowEntry[];
  /** remembers what left in parts; null: each scan stands alone */
  readonly fragments: FragmentWindow | null;
}

/** Scans bytes that are one request of their own, as they are. */
export function scanText(bytes: Uint8Array, surface: Surface, context: ScanContext): Finding[] {
  const tally = new FragmentTally();
  const hits = walkLayers(bytes, context.detectors, { fold: false, tally });
  const found = new Set(hits.map(({ hit }) => hit.rule));
  hits.push(...tally.settle(context.fragments, found));
  return toFindings(bytes, hits, surface, context.allow);
}
