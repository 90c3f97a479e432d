import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BackendError, type HelperName } from '@bot-bottle/backend';

const modules: Readonly<Partial<Record<HelperName, string>>> = {
  egress: '@bot-bottle/sidecar-egress/main',
  'git-gate': '@bot-bottle/sidecar-git-gate/main',
  supervise: '@bot-bottle/sidecar-supervise/main',
  pipelock: '@bot-bottle/sidecar-pipelock/main',
};

/**
 * The self-contained program of each of these sidecars. Run from source, the packages resolve to their sources, which need
 * neighbours that a sandbox does not show: the built file beside them is what counts.
 *
 * @throws BackendError `not_available` when a sidecar is not built
 */
export function sidecarPrograms(
  names: readonly HelperName[] = ['egress', 'git-gate', 'supervise'],
): Readonly<Partial<Record<HelperName, string>>> {
  return Object.fromEntries(names.map((name) => [name, programOf(name)]));
}

function programOf(name: HelperName): string {
  const specifier = modules[name];
  if (specifier === undefined)
    throw new BackendError('not_available', `the sidecar ${name} is not in this version`);
  const resolved = fileURLToPath(import.meta.resolve(specifier));
  const program = resolved.replace(/[/\\]src[/\\]main\.ts$/, '/dist/main.js');
  if (existsSync(program)) return program;
  throw new BackendError('not_available', `the ${name} sidecar is not built: ${program} is missing`, {
    hint: 'npm run build',
  });
}
