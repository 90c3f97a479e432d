import type { Scanner } from '@bot-bottle/dlp';
import { canonicalJson, SuperviseError, type ProposalRequest } from '@bot-bottle/supervise';
import type { Canary } from '../env/canary.ts';
import type { ResolvedSecrets } from '../secrets/resolve-secrets.ts';

/**
 * Looks for the bottle's secrets in what it asks, in every encoding that DLP knows: the queue, the audit log and the
 * notifications are files and messages, and a justification or a host name is as good a place for a secret as any.
 */
export function secretScreen(
  secrets: ResolvedSecrets,
  canary: Canary,
): (request: ProposalRequest) => Promise<void> {
  return async (request) => {
    // Each time: a secret that expires is replaced meanwhile.
    const found = (await scannerOf(secrets, canary)).scanBytes(Buffer.from(canonicalJson(request)), 'body');
    if (found.length === 0) return;
    throw new SuperviseError(
      'invalid_proposal',
      'dlp_blocked: a proposal must not hold a secret of the bottle',
    );
  };
}

/** Loaded at the first proposal: most bottles ask for nothing. */
async function scannerOf(secrets: ResolvedSecrets, canary: Canary): Promise<Scanner> {
  const { createScanner } = await import('@bot-bottle/dlp');
  return createScanner({
    detectors: ['known_secrets', 'canary'],
    knownSecrets: Object.values(secrets)
      .flatMap((store) => store.entries())
      .map(([name, value]) => ({ name, value })),
    canaries: [{ name: canary.name, value: canary.value }],
    allow: [],
  });
}
