import { inspect } from 'node:util';

/**
 * Secret values by name, in memory only. Serialising or inspecting one shows the names, so that a stray log line or
 * `JSON.stringify` cannot leak.
 */
export class SecretStore {
  readonly #values: Map<string, string>;

  constructor(values: Iterable<readonly [string, string]> = []) {
    this.#values = new Map(values);
  }

  /** Value of a name, undefined when there is none. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  names(): string[] {
    return [...this.#values.keys()];
  }

  /** Names with values, for the two places that need them: a sidecar's configuration and the environment of a process. */
  entries(): Array<[string, string]> {
    return [...this.#values.entries()];
  }

  /** Forgets everything; the strings themselves go when the garbage collector takes them. */
  clear(): void {
    this.#values.clear();
  }

  toJSON(): { names: string[] } {
    return { names: this.names() };
  }

  toString(): string {
    return `SecretStore(${this.names().join(', ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
