import { ApprovedValues } from './approved-values.ts';
import type { FoundValue } from './approved-values.ts';

/** How the waiting of one request ended. */
export type Verdict =
  | { readonly kind: 'approved' }
  | { readonly kind: 'timeout' | 'closed' | 'left' }
  | { readonly kind: 'rejected' | 'abandoned'; readonly reason: string }
  /** a human cannot be asked */
  | { readonly kind: 'failed'; readonly why: string };

/** A request that waits for a human. */
export interface Waiting {
  readonly place: string;
  /** all that was found in it, which may be more than a human was shown */
  readonly values: readonly FoundValue[];
  /** the question was taken under this id; called at most once */
  opened(id: string): void;
  /** called once */
  settle(verdict: Verdict): void;
}

/** One thing that a human is asked, by all requests that ask the same. */
export interface Question {
  readonly key: string;
  readonly place: string;
  /** what a human is shown, and so all that an approval lets pass */
  readonly listed: readonly FoundValue[];
  /** null until it was taken */
  id: string | null;
  readonly waiting: Set<Waiting>;
}

/** Who waits for which answer, and what was approved. Pure: it asks nobody and knows no time. */
export class Questions {
  readonly approved: ApprovedValues;
  readonly #byKey = new Map<string, Question>();

  constructor(approved: ApprovedValues = new ApprovedValues()) {
    this.approved = approved;
  }

  /** questions without an answer; one that nobody waits for any more still helps the next request */
  get open(): number {
    return this.#byKey.size;
  }

  /** requests that wait */
  get waiting(): number {
    let count = 0;
    for (const { waiting } of this.#byKey.values()) count += waiting.size;
    return count;
  }

  find(key: string): Question | null {
    return this.#byKey.get(key) ?? null;
  }

  add(key: string, place: string, listed: readonly FoundValue[]): Question {
    const question: Question = { key, place, listed, id: null, waiting: new Set() };
    this.#byKey.set(key, question);
    return question;
  }

  join(question: Question, waiting: Waiting): void {
    question.waiting.add(waiting);
    if (question.id !== null) waiting.opened(question.id);
  }

  leave(question: Question, waiting: Waiting, verdict: Verdict): void {
    if (question.waiting.delete(waiting)) waiting.settle(verdict);
  }

  /** The launcher took it. */
  opened(question: Question, id: string): void {
    question.id = id;
    for (const waiting of question.waiting) waiting.opened(id);
  }

  /** The launcher did not take it. */
  failed(question: Question, verdict: Verdict): void {
    this.#end(question, verdict);
  }

  has(id: string): boolean {
    return this.#withId(id).length > 0;
  }

  /** What was listed may leave to that place, and every request goes on that waits for nothing else. */
  approve(id: string): void {
    for (const question of this.#withId(id)) {
      this.approved.add(question.place, question.listed);
      this.#end(question, { kind: 'approved' });
    }
    for (const question of this.#byKey.values()) {
      for (const waiting of question.waiting) {
        if (this.approved.covers(waiting.place, waiting.values))
          this.leave(question, waiting, { kind: 'approved' });
      }
    }
  }

  reject(id: string, verdict: Verdict): void {
    for (const question of this.#withId(id)) this.#end(question, verdict);
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const question of this.#byKey.values()) this.#end(question, { kind: 'closed' });
  }

  #withId(id: string): Question[] {
    return [...this.#byKey.values()].filter((question) => question.id === id);
  }

  #end(question: Question, verdict: Verdict): void {
    this.#byKey.delete(question.key);
    for (const waiting of question.waiting) this.leave(question, waiting, verdict);
  }
}
