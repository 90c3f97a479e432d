import { guestWorkspace } from '../env/guest-paths.ts';
import { workspaceSource } from '../workspace/refuse-folder.ts';
import { scanWorkspace } from '../workspace/scan-workspace.ts';
import { normalizeInclude } from '../workspace/walk-workspace.ts';
import type { WorkspacePlan } from './bottle-plan.ts';

/**
 * What of a folder enters the bottle.
 *
 * @throws BackendError `workspace_refused`
 */
export async function planWorkspace(
  folder: string,
  include: readonly string[],
  places: { readonly hostHome: string; readonly botBottleHome: string },
): Promise<{ readonly plan: WorkspacePlan; readonly warnings: readonly string[] }> {
  const source = await workspaceSource(folder, places);
  const wanted = await normalizeInclude(source, include);
  const { flagged, warnings } = await scanWorkspace(source, wanted);
  return { plan: { source, target: guestWorkspace, include: wanted, flagged }, warnings };
}
