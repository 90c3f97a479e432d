import type { KeyPath, Problem } from '../problem.ts';

/** Offsets of one node in the YAML text. */
interface Place {
  readonly key: number | null;
  readonly value: number;
  readonly children: Map<string | number, Place>;
}

/** Remembers where each key and value of a parsed YAML text stands. */
export class Positions {
  readonly root: Place;

  constructor(rootOffset: number) {
    this.root = { key: null, value: rootOffset, children: new Map() };
  }

  static add(parent: Place, step: string | number, key: number | null, value: number): Place {
    const place: Place = { key, value, children: new Map() };
    parent.children.set(step, place);
    return place;
  }

  /** Offset for a path; of its nearest existing parent when the path itself does not exist. */
  offset(path: KeyPath, at: Problem['at']): number {
    let place = this.root;
    for (const step of path) {
      const next = place.children.get(step);
      if (next === undefined) return place.key ?? place.value;
      place = next;
    }
    return at === 'key' ? (place.key ?? place.value) : place.value;
  }
}

export type { Place };
