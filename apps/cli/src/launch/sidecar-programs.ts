import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BackendError, type SidecarName } from '@bot-bottle/backend';

/**
 * The self-contained program of each sidecar. Run from source, the packages resolve to their sources, which need
 * neighbours that a sandbox does not show: the built file beside them is what counts.
 *
 * @throws BackendError `not_available` when a sidecar is not built
 */
export function sidecarPrograms(): Readonly<Partial<Record<SidecarName, string>>> {
  const resolved = fileURLToPath(import.meta.resolve('@bot-bottle/sidecar-egress/main'));
  const program = resolved.replace(/[/\\]src[/\\]main\.ts$/, '/dist/main.js');
  if (!existsSync(program)) {
    throw new BackendError('not_available', `the egress sidecar is not built: ${program} is missing`, {
      hint: 'npm run build',
    });
  }
  return { egress: program };
}
