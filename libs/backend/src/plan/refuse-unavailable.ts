import type { EffectiveAgent } from '@bot-bottle/manifest';
import type { BackendName } from '../contracts.ts';
import { BackendError } from '../errors.ts';

/** Backends that this version holds. */
const availableBackends: readonly BackendName[] = ['bubblewrap', 'docker'];

/**
 * Refuses what a manifest asks for and this version cannot do: a control that is declared but absent must not look as if
 * it were there.
 *
 * @throws BackendError `not_available`
 */
export function refuseUnavailable(agent: EffectiveAgent, backend: BackendName): void {
  const { bottle } = agent;
  if (!availableBackends.includes(backend)) {
    throw unavailable(`the backend ${backend}`, `use --backend ${availableBackends.join(' or ')}`);
  }
  if (bottle.egress.guard === 'pipelock') throw unavailable('egress.guard: pipelock', 'use `guard: builtin`');
  for (const { host, pipelock } of bottle.egress.routes) {
    if (pipelock.tlsPassthrough) throw unavailable(`pipelock.tls_passthrough (route ${host})`, 'remove it');
  }
}

function unavailable(what: string, hint: string): BackendError {
  return new BackendError('not_available', `${what} is not available in this version`, {
    hint,
    data: { feature: what },
  });
}
