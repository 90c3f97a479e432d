import { isIP } from 'node:net';
import { normalizeHost } from '@bot-bottle/manifest';
import {
  SuperviseError,
  type Applied,
  type ProposalApplier,
  type ProposalRequest,
} from '@bot-bottle/supervise';
import type { Guard } from './guard.ts';

/** Has the guard let a host pass that an agent asks for; without a guard nothing of the kind can be asked. */
export function guardApplier(guard: Pick<Guard, 'allow'> | null): ProposalApplier {
  return {
    check: (request) => {
      hostOf(request);
      if (guard === null) throw new SuperviseError('invalid_proposal', 'this bottle has no guard');
    },
    apply: async ({ request }): Promise<Applied> => {
      const host = hostOf(request);
      if (guard === null) throw new SuperviseError('apply_failed', 'this bottle has no guard');
      await guard.allow(host);
      return { outcome: 'approved', text: `pipelock lets ${host} pass until the bottle ends`, grant: null };
    },
  };
}

/** A name only, as the tool makes it: a sidecar that was taken over may send anything. */
function hostOf(request: ProposalRequest): string {
  if (request.kind !== 'pipelock-block')
    throw new SuperviseError('invalid_proposal', 'this asks nothing of the guard');
  const { host } = request;
  if (isIP(host) !== 0 || host.startsWith('*') || normalizeHost(host) !== host)
    throw new SuperviseError('invalid_proposal', 'host: not the name of a host in its normal form');
  return host;
}
