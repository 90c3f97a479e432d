import { createScanner, type KnownSecret } from '@bot-bottle/dlp';
import { gateSlots } from '@bot-bottle/git-gate';

/** Secret values by slot. It cannot be serialised, and nothing of it is ever in an error or a log. */
export class SecretStore {
  #values: ReadonlyMap<string, string>;
  readonly #envNames: Readonly<Record<string, string>>;

  /** @param envNames slot → name of the variable whose value must not be pushed */
  constructor(secrets: Readonly<Record<string, string>>, envNames: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(secrets));
    this.#envNames = envNames;
  }

  /** null when the slot is not filled */
  get(slot: string | null): string | null {
    const value = slot === null ? undefined : this.#values.get(slot);
    return value === undefined || value === '' ? null : value;
  }

  /** All of them; what is not given is gone. */
  replace(secrets: Readonly<Record<string, string>>): void {
    this.#values = new Map(Object.entries(secrets));
  }

  /** Values of the bottle's environment that must not be pushed. */
  knownSecrets(): KnownSecret[] {
    return Object.entries(this.#envNames).flatMap(([slot, name]) => {
      const value = this.get(slot);
      return value === null ? [] : [{ name, value }];
    });
  }

  /** Names of the variables whose values the scanner does not look for: they are too short. */
  unsearched(): string[] {
    return this.knownSecrets().flatMap((secret) => {
      const scanner = createScanner({
        detectors: ['known_secrets'],
        knownSecrets: [secret],
        canaries: [],
        allow: [],
      });
      return scanner.scanBytes(Buffer.from(`\n${secret.value}\n`), 'body').length > 0 ? [] : [secret.name];
    });
  }

  canary(): KnownSecret | null {
    const value = this.get(gateSlots.canary);
    return value === null ? null : { name: 'canary', value };
  }

  toJSON(): string {
    return '[secrets]';
  }
}
