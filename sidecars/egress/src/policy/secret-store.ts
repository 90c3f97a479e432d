import { secretSlots } from '@bot-bottle/egress';
import type { EgressConfig } from '@bot-bottle/egress';
import type { KnownSecret } from '@bot-bottle/dlp';

/** Secret values by slot. It cannot be serialised, and nothing of it is ever in an error or a log. */
export class SecretStore {
  readonly #values: Map<string, string>;
  readonly #envNames: ReadonlyMap<string, string>;

  constructor(secrets: Readonly<Record<string, string>>, envSecrets: EgressConfig['env_secrets']) {
    this.#values = new Map(Object.entries(secrets));
    this.#envNames = new Map(Object.entries(envSecrets));
  }

  /** null when the slot is not filled */
  get(slot: string): string | null {
    const value = this.#values.get(slot);
    return value === undefined || value === '' ? null : value;
  }

  /** Replaces the given slots, keeps the others. */
  replace(secrets: Readonly<Record<string, string>>): void {
    for (const [slot, value] of Object.entries(secrets)) this.#values.set(slot, value);
  }

  /**
   * The values that must not leave: route credentials, the proxy's own, and the bottle's env secrets but for those
   * whose names are in `permitted`.
   */
  knownSecrets(permitted: readonly string[]): KnownSecret[] {
    const known: KnownSecret[] = [];
    for (const [slot, value] of this.#values) {
      if (value === '' || slot === secretSlots.canary || slot === secretSlots.caKey) continue;
      const envName = this.#envNames.get(slot);
      if (envName === undefined) known.push({ name: slot, value });
      else if (!permitted.includes(envName)) known.push({ name: envName, value });
    }
    return known;
  }

  canaries(): KnownSecret[] {
    const value = this.get(secretSlots.canary);
    return value === null ? [] : [{ name: 'canary', value }];
  }

  toJSON(): string {
    return '[secrets]';
  }
}
