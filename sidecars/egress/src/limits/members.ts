/** What a `Members` list can hold. */
export interface Member {
  /** where it is in the one list that it may belong to, -1 outside; only the list changes it */
  index: number;
}

/**
 * What is in flight, in no order. Not a `Set`: one that changes with every request is rebuilt again and again, and V8 keeps
 * each of its old tables, with all that was in it, as long as the oldest of them, which a full collection only frees.
 */
export class Members<T extends Member> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    if (this.#items[item.index] === item) return;
    item.index = this.#items.push(item) - 1;
  }

  delete(item: T): void {
    const { index } = item;
    if (this.#items[index] !== item) return;
    item.index = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[index] = last;
    last.index = index;
  }

  clear(): void {
    for (const item of this.#items.splice(0)) item.index = -1;
  }

  /**
   * Shows each one to `visit`, which may add and delete: what is deleted before its turn is not shown, what is added
   * meanwhile may be, and what was shown may be shown once more.
   */
  each(visit: (item: T) => void): void {
    // from the end: what a deletion moves to an earlier place was shown already
    for (let at = this.#items.length - 1; at >= 0; at -= 1) {
      const item = this.#items[at];
      if (item !== undefined) visit(item);
    }
  }
}
