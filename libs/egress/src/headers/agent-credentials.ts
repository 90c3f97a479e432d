import { createHash } from 'node:crypto';
import type { HeaderField } from '../http1/request-head.ts';
import { credentialCarriers, fieldKey } from './header-names.ts';

export interface AgentCredential {
  /** lower-case field name */
  readonly name: string;
  /** SHA-256, hex, of the value */
  readonly sha256: string;
}

/** The agent's own credentials among headers that would leave, hashed. Cookies change all the time and are left out. */
export function agentCredentials(headers: readonly HeaderField[]): AgentCredential[] {
  return headers.flatMap(([name, value]) => {
    const key = fieldKey(name);
    if (key === 'cookie' || !credentialCarriers.has(key)) return [];
    return [{ name: key, sha256: createHash('sha256').update(value, 'latin1').digest('hex') }];
  });
}

export interface CredentialPins {
  /** False when a credential differs from the one first seen for the host under that name; nothing is pinned then. */
  accept(host: string, credentials: readonly AgentCredential[]): boolean;
  /** Lets one more credential pass for the host, e.g. after approval. */
  approve(host: string, credential: AgentCredential): void;
}

/**
 * Remembers the first credential that the agent sent to each host of a route with `authorization: agent`. An attacker's
 * own key for an allowed API is a way out; a different one is therefore refused until it was approved.
 */
export function createCredentialPins(): CredentialPins {
  const pins = new Map<string, Set<string>>();
  const keyOf = (host: string, name: string): string => `${host} ${name}`;

  function pin(host: string, credential: AgentCredential): void {
    const key = keyOf(host, credential.name);
    pins.set(key, (pins.get(key) ?? new Set()).add(credential.sha256));
  }

  return {
    accept(host, credentials) {
      const wanted = new Map<string, string>();
      for (const { name, sha256 } of credentials) {
        const known = pins.get(keyOf(host, name));
        const twin = wanted.get(name);
        if ((known !== undefined && !known.has(sha256)) || (twin !== undefined && twin !== sha256))
          return false;
        wanted.set(name, sha256);
      }
      for (const credential of credentials) pin(host, credential);
      return true;
    },
    approve: pin,
  };
}
