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
export function refuseUnavailable(backend: BackendName): void {
  if (!availableBackends.includes(backend)) {
    throw unavailable(`the backend ${backend}`, `use --backend ${availableBackends.join(' or ')}`);
  }
}

function unavailable(what: string, hint: string): BackendError {
  return new BackendError('not_available', `${what} is not available in this version`, {
    hint,
    data: { feature: what },
  });
}
