import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditEvent } from '@bot-bottle/audit';
import { visibleLine } from '@bot-bottle/audit';
import type { ProviderFileRef } from '@bot-bottle/providers';
import { BackendError } from '../errors.ts';
import { readProviderFile, type ProviderFileValue, type ReadHostFile } from '../secrets/provider-file.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { hostEvent } from './owner-audit.ts';

export interface CredentialRefreshOptions {
  /** slot → where its value is on the host */
  readonly refs: Readonly<Record<string, ProviderFileRef>>;
  /** values of the slots, which this keeps current; '' is a credential that there is none of */
  readonly slots: SecretStore;
  /** Gives values to the sidecar that holds the slots; one that starts anew takes them from `slots`. */
  readonly publish: (secrets: Readonly<Record<string, string>>) => Promise<unknown>;
  readonly record: (event: AuditEvent) => Promise<void>;
  readonly onWarning: (message: string) => void;
  readonly read?: ReadHostFile;
  readonly now?: () => Date;
  /** milliseconds for which a file may be unusable, because it is being replaced; default 5000 */
  readonly graceMs?: number;
  /** longest time between two looks at the files in milliseconds, default 5000 */
  readonly pollMs?: number;
}

interface Credential {
  readonly slot: string;
  readonly ref: ProviderFileRef;
  expiresAt: Date | null;
  /** when the file was first seen unusable, null: it is fine */
  unusableSince: Date | null;
  /** the sidecar may not have the value of `slots` yet */
  unpublished: boolean;
}

/**
 * Keeps the secrets that a vendor's program renews on the host current in the sidecar: a session outlives its first token.
 * One that expires or is taken away without a successor is withdrawn, so that requests are refused with
 * `credential_unavailable`, and the operator is told.
 */
export class CredentialRefresh {
  readonly #options: CredentialRefreshOptions;
  readonly #credentials: readonly Credential[];
  readonly #watchers: FSWatcher[] = [];
  readonly #end = new AbortController();
  readonly #finished: Promise<void>;
  #wake = new AbortController();

  constructor(options: CredentialRefreshOptions) {
    this.#options = options;
    this.#credentials = Object.entries(options.refs).map(([slot, ref]) => ({
      slot,
      ref,
      expiresAt: null,
      unusableSince: null,
      unpublished: false,
    }));
    this.#watch();
    this.#finished = this.#credentials.length === 0 ? Promise.resolve() : this.#run();
  }

  /** Ends the watching; what is being published is waited for. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#wake.abort();
    for (const watcher of this.#watchers) watcher.close();
    await this.#finished;
  }

  /** Of the folders: a file that is replaced by a rename is another file. What they miss, the next look finds. */
  #watch(): void {
    for (const folder of new Set(this.#credentials.map(({ ref }) => dirname(ref.path)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#wake.abort());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // The folder is not there, or the host has no watches left.
      }
    }
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      this.#wake = new AbortController();
      for (const credential of this.#credentials) await this.#look(credential);
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const { pollMs = 5000, now = () => new Date() } = this.#options;
    const ends = this.#credentials.flatMap(({ expiresAt }) =>
      expiresAt === null ? [] : [expiresAt.getTime()],
    );
    const untilNextEnd = Math.min(...ends.filter((end) => end > now().getTime())) - now().getTime();
    const { signal } = this.#wake;
    if (this.#end.signal.aborted) return;
    await pause(Math.min(pollMs, untilNextEnd + 1), undefined, { ref: false, signal }).catch(() => undefined);
  }

  async #look(credential: Credential): Promise<void> {
    const { read, now = () => new Date() } = this.#options;
    try {
      const found = await readProviderFile(credential.ref, { read, now: now() });
      await this.#take(credential, found);
    } catch (error) {
      await this.#miss(credential, BackendError.isInstance(error) ? error : null);
    }
  }

  async #take(credential: Credential, { value, expiresAt }: ProviderFileValue): Promise<void> {
    const { slots, onWarning } = this.#options;
    const { slot, ref } = credential;
    credential.expiresAt = expiresAt;
    credential.unusableSince = null;
    const before = slots.get(slot);
    if (before !== value) {
      slots.set(slot, value);
      credential.unpublished = true;
      await this.#record('done', ref, { expires_at: expiresAt?.toISOString() ?? null });
      if (before === '') onWarning(`${visibleLine(ref.path, 500)} holds a credential again`);
    }
    await this.#publish(credential);
  }

  async #miss(credential: Credential, error: BackendError | null): Promise<void> {
    const { slots, onWarning, graceMs = 5000, now = () => new Date() } = this.#options;
    const { slot, ref, expiresAt } = credential;
    credential.unusableSince ??= now();
    const isOver = expiresAt !== null && expiresAt <= now();
    const isLasting = now().getTime() - credential.unusableSince.getTime() >= graceMs;
    if (slots.get(slot) !== '' && (isOver || isLasting)) {
      slots.set(slot, '');
      credential.expiresAt = null;
      credential.unpublished = true;
      const why = error?.message ?? `${ref.path} cannot be read`;
      await this.#record('failed', ref, { why: visibleLine(why, 500) });
      onWarning(
        `the agent has no credential any more, its requests are refused: ${visibleLine(why, 500)}; ${ref.remedy}`,
      );
    }
    await this.#publish(credential);
  }

  /** What fails is tried again at the next look. */
  async #publish(credential: Credential): Promise<void> {
    if (!credential.unpublished) return;
    const { slot } = credential;
    try {
      await this.#options.publish({ [slot]: this.#options.slots.get(slot) ?? '' });
      credential.unpublished = false;
    } catch {
      // The sidecar is being started anew, maybe with the value before.
    }
  }

  async #record(
    outcome: 'done' | 'failed',
    { path }: ProviderFileRef,
    details: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    await this.#options.record(hostEvent('credential', outcome, path, details)).catch(() => undefined);
  }
}
