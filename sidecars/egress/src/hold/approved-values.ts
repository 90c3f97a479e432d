import type { EgressConfig } from '@bot-bottle/egress';

/** What an approval is remembered by; never the value itself. */
export interface FoundValue {
  readonly rule: string;
  /** hex, of the value */
  readonly sha256: string;
}

/** Where a value may leave to: consent to TLS is none to plaintext. */
export function placeOf({
  scheme,
  host,
}: {
  readonly scheme: 'https' | 'http';
  readonly host: string;
}): string {
  return `${scheme}://${host}`;
}

interface OnePlace {
  readonly keys: Set<string>;
  values: readonly FoundValue[];
}

/** Values that a human let pass, each to one place, until the bottle ends. Hosts are compared as `decide` normalises them. */
export class ApprovedValues {
  readonly #byPlace = new Map<string, OnePlace>();

  constructor(before: EgressConfig['dlp_approved'] = []) {
    for (const value of before) this.add(placeOf(value), [value]);
  }

  /** null: none; the array stays the same one until something is added */
  of(place: string): readonly FoundValue[] | null {
    return this.#byPlace.get(place)?.values ?? null;
  }

  add(place: string, values: readonly FoundValue[]): void {
    const known = this.#byPlace.get(place) ?? { keys: new Set<string>(), values: [] };
    const added = values.filter(({ rule, sha256 }) => {
      // a line break in a head splits the request in two, whatever a human thinks of it
      if (rule.startsWith('crlf/') || known.keys.has(valueKey({ rule, sha256 }))) return false;
      known.keys.add(valueKey({ rule, sha256 }));
      return true;
    });
    if (added.length === 0) return;
    known.values = [...known.values, ...added.map(({ rule, sha256 }) => ({ rule, sha256 }))];
    this.#byPlace.set(place, known);
  }

  covers(place: string, values: readonly FoundValue[]): boolean {
    const keys = this.#byPlace.get(place)?.keys;
    return values.every((value) => keys?.has(valueKey(value)) === true);
  }
}

export function valueKey({ rule, sha256 }: FoundValue): string {
  return `${sha256} ${rule}`;
}
