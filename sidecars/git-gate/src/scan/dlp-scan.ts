import { randomBytes } from 'node:crypto';
import { createScanner, type Finding, type KnownSecret, type Scanner } from '@bot-bottle/dlp';
import { GitGateServerError } from '../errors.ts';
import { freshControl } from './control.ts';
import { excerptAround, isMarked } from './excerpt.ts';
import type { RawFinding, ScannedObject } from './scanned-object.ts';
import { countLines, type ScanWindow } from './window-cutter.ts';

/**
 * One scan reports a bounded number of hits, so it is repeated without what was found until nothing is left. Beyond so
 * many repetitions or findings in one window the push is refused: they would block this process.
 */
const MAX_ROUNDS = 16;
const MAX_IN_WINDOW = 1000;

export interface DlpOptions {
  /** whether credential formats are searched too, not only known values */
  readonly tokens: boolean;
  readonly knownSecrets: readonly KnownSecret[];
  readonly canary: KnownSecret | null;
}

/**
 * `@bot-bottle/dlp` over windows of objects. Not its `stream`: that one stops reporting at a limit that a push could
 * fill with what is already upstream, while a window can be looked at again without what was found in it.
 */
export class DlpScan {
  readonly #controls: ReadonlyArray<{ readonly rule: string; readonly bytes: Buffer }>;
  readonly #first: Scanner;

  constructor({ tokens, knownSecrets, canary }: DlpOptions) {
    const name = `control ${randomBytes(8).toString('hex')}`;
    const value = randomBytes(24).toString('hex');
    this.#controls = [
      { rule: `known_secrets/${name}`, bytes: Buffer.from(`\n${value}\n`) },
      ...(tokens ? [{ rule: 'token_patterns/gitlab-pat', bytes: Buffer.from(`\n${freshControl()}\n`) }] : []),
    ];
    this.#first = createScanner({
      detectors: ['known_secrets', 'canary', ...(tokens ? (['token_patterns'] as const) : [])],
      knownSecrets: [...knownSecrets, { name, value }],
      canaries: canary === null ? [] : [canary],
      allow: [],
    });
  }

  /** Everything in a window. The window must not be changed while the findings are in use. */
  scan(object: ScannedObject, window: ScanWindow): RawFinding[] {
    return this.#all(window.bytes).map((finding) => toRaw(object, window, finding));
  }

  /** Rule and hash of everything in some bytes. */
  identities(bytes: Buffer): Set<string> {
    return new Set(this.#all(bytes).map(identityOf));
  }

  /** @throws GitGateServerError `scanner_unavailable` when the planted controls are not found */
  prove(): void {
    for (const { rule, bytes } of this.#controls) {
      if (!this.#first.scanBytes(bytes, 'body').some((finding) => finding.rule === rule)) {
        throw new GitGateServerError(
          'scanner_unavailable',
          'the built-in scanner missed its planted control',
        );
      }
    }
  }

  #all(bytes: Buffer): Finding[] {
    const found = this.#first.scanBytes(bytes, 'body');
    if (found.length === 0) return found;
    const all = [...found];
    for (let round = 0; round < MAX_ROUNDS && all.length <= MAX_IN_WINDOW; round++) {
      const allow = all.map(({ rule, sha256 }) => ({ rule, sha256 }));
      const more = this.#first.allowing(allow).scanBytes(bytes, 'body');
      if (more.length === 0) return all;
      all.push(...more);
    }
    throw new GitGateServerError(
      'limit_exceeded',
      'one file of the push holds too many things that look like secrets',
    );
  }
}

export function identityOf({ rule, sha256 }: { readonly rule: string; readonly sha256: string }): string {
  return `${rule} ${sha256}`;
}

function toRaw(object: ScannedObject, window: ScanWindow, finding: Finding): RawFinding {
  const { rule, sha256, offset, length } = finding;
  const base = { scanner: 'dlp', rule, object, sha256 } as const;
  if (offset === null || length === null) {
    // nobody can tell on which line it is, so no marker can belong to it
    return { ...base, start: null, end: 0, line: null, values: [], marked: false, excerpt: null };
  }
  const span = { start: offset, end: offset + length };
  const excerpt = excerptAround(window.bytes, span);
  return {
    ...base,
    start: window.offset + span.start,
    end: window.offset + span.end,
    line: window.lines + countLines(window.bytes.subarray(0, span.start)) + 1,
    values: [Buffer.from(window.bytes.subarray(span.start, span.end))],
    marked: isMarked(window.bytes, span),
    excerpt: { bytes: excerpt.bytes, start: window.offset + excerpt.start },
  };
}
