import { secretSlots } from '@bot-bottle/egress';
import type { EgressConfig } from '@bot-bottle/egress';
import type { KnownSecret } from '@bot-bottle/dlp';

/** Earlier values of one slot that are still searched; a vendor's program renews a token every few hours. */
const MOST_EARLIER = 8;

/** Secret values by slot. It cannot be serialised, and nothing of it is ever in an error or a log. */
export class SecretStore {
  readonly #values: Map<string, string>;
  /** newest first; a vendor may take a token for a while after it was renewed */
  readonly #earlier = new Map<string, readonly string[]>();
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

  /** Replaces the given slots, keeps the others. The values before stay known. */
  replace(secrets: Readonly<Record<string, string>>): void {
    for (const [slot, value] of Object.entries(secrets)) {
      const before = [this.get(slot) ?? '', ...(this.#earlier.get(slot) ?? [])];
      const earlier = new Set(before.filter((each) => each !== '' && each !== value));
      this.#earlier.set(slot, [...earlier].slice(0, MOST_EARLIER));
      this.#values.set(slot, value);
    }
  }

  /**
   * The values that must not leave: route credentials, the proxy's own, and the bottle's env secrets but for those
   * whose names are in `permitted`. With each the values before it.
   */
  knownSecrets(permitted: readonly string[]): KnownSecret[] {
    const known: KnownSecret[] = [];
    for (const slot of this.#values.keys()) {
      if (slot === secretSlots.canary || slot === secretSlots.caKey) continue;
      const envName = this.#envNames.get(slot);
      if (envName !== undefined && permitted.includes(envName)) continue;
      for (const value of this.#everyValue(slot)) known.push({ name: envName ?? slot, value });
    }
    return known;
  }

  canaries(): KnownSecret[] {
    return this.#everyValue(secretSlots.canary).map((value) => ({ name: 'canary', value }));
  }

  #everyValue(slot: string): string[] {
    const value = this.get(slot);
    return [...(value === null ? [] : [value]), ...(this.#earlier.get(slot) ?? [])];
  }

  toJSON(): string {
    return '[secrets]';
  }
}
