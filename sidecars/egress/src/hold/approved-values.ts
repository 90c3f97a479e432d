/** What an approval is remembered by; never the value itself. */
export interface FoundValue {
  readonly rule: string;
  /** hex, of the value */
  readonly sha256: string;
}

interface OneHost {
  readonly keys: Set<string>;
  values: readonly FoundValue[];
}

/** Values that a human let pass, each to one host, until the bottle ends. Hosts are compared as `decide` normalises them. */
export class ApprovedValues {
  readonly #byHost = new Map<string, OneHost>();

  constructor(before: ReadonlyArray<FoundValue & { readonly host: string }> = []) {
    for (const { host, ...value } of before) this.add(host, [value]);
  }

  /** null: none; the array stays the same one until something is added */
  of(host: string): readonly FoundValue[] | null {
    return this.#byHost.get(host)?.values ?? null;
  }

  add(host: string, values: readonly FoundValue[]): void {
    const known = this.#byHost.get(host) ?? { keys: new Set<string>(), values: [] };
    const added = values.filter(({ rule, sha256 }) => {
      // a line break in a head splits the request in two, whatever a human thinks of it
      if (rule.startsWith('crlf/') || known.keys.has(valueKey({ rule, sha256 }))) return false;
      known.keys.add(valueKey({ rule, sha256 }));
      return true;
    });
    if (added.length === 0) return;
    known.values = [...known.values, ...added.map(({ rule, sha256 }) => ({ rule, sha256 }))];
    this.#byHost.set(host, known);
  }

  covers(host: string, values: readonly FoundValue[]): boolean {
    const keys = this.#byHost.get(host)?.keys;
    return values.every((value) => keys?.has(valueKey(value)) === true);
  }
}

export function valueKey({ rule, sha256 }: FoundValue): string {
  return `${sha256} ${rule}`;
}
