import { CliError } from '../cli-error.ts';
import type { DemoBackend } from '../parse-options.ts';

/**
 * Address of this host that sidecars of the backend reach: its loopback, or, for containers, the host's own on the
 * bridge that egress and git-gate share.
 *
 * @throws CliError `failed` where this process cannot listen on it
 */
export async function demoAddress(backend: DemoBackend): Promise<string> {
  if (backend === 'bubblewrap') return '127.0.0.1';
  const { createDockerBackend, egressGateway } = await import('@bot-bottle/backend-docker');
  const found = await createDockerBackend().probe();
  if (!found.available) throw new CliError('failed', found.reason, { hint: found.remedy });
  return await egressGateway();
}
