import type { AuditEvent } from './events.ts';

/** Different denials that are counted at the same time; others are written one by one. */
const MAX_WINDOWS = 1024;

interface Window {
  readonly event: AuditEvent;
  /** settles when the first of them is written */
  readonly first: Promise<void>;
  readonly closesAt: number;
  readonly from: number;
  to: number;
  count: number;
}

/** Counts repeats of the same denial, so that an agent that retries in a loop does not fill the disk. */
export class DenialWindows {
  readonly #windowMs: number;
  readonly #open = new Map<string, Window>();

  /** `windowMs` 0 counts nothing. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** The promise of the first of them when the event repeats one of an open window, else null. */
  repeat(event: AuditEvent, now: number): Promise<void> | null {
    const window = this.#open.get(keyOf(event));
    if (window === undefined || now >= window.closesAt || now < window.from) return null;
    window.count += 1;
    window.to = now;
    return window.first;
  }

  /** Opens a window for a denial that is being written. */
  begin(event: AuditEvent, first: Promise<void>, now: number): void {
    if (this.#windowMs <= 0 || event.outcome !== 'denied' || event.code === null) return;
    const key = keyOf(event);
    if (this.#open.size >= MAX_WINDOWS || this.#open.has(key)) return;
    const window = { event, first, closesAt: now + this.#windowMs, from: now, to: now, count: 0 };
    this.#open.set(key, window);
    first.catch(() => {
      // Nothing is on disk that a count could refer to.
      if (this.#open.get(key) === window) this.#open.delete(key);
    });
  }

  /** Closes the windows whose time is over (or all) and returns one event for each that counted something. */
  close(now: number): AuditEvent[] {
    const events: AuditEvent[] = [];
    for (const [key, window] of this.#open) {
      if (now < window.closesAt && now >= window.from) continue;
      this.#open.delete(key);
      if (window.count > 0) events.push(summary(window));
    }
    return events;
  }
}

function keyOf(event: AuditEvent): string {
  return JSON.stringify([event.layer, event.action, event.code, event.target, event.rule]);
}

function summary(window: Window): AuditEvent {
  return {
    ...window.event,
    details: {
      ...window.event.details,
      count: window.count,
      from: new Date(window.from).toISOString(),
      to: new Date(window.to).toISOString(),
    },
  };
}
