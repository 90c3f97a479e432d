import { codingsOf } from '../body/body-kind.ts';
import { Decoder } from '../body/decoder.ts';
import type { AllowEntry, BodyKind, Finding, InboundDetector, Surface } from '../contracts.ts';
import { DlpError } from '../errors.ts';
import { isAllowed } from '../findings/is-allowed.ts';
import { toFindings } from '../findings/to-findings.ts';
import { AROUND, searchInjections } from './injection-search.ts';

export interface InboundScannerOptions {
  /** detectors to run; [] runs none */
  readonly detectors: readonly InboundDetector[];
  readonly allow: readonly AllowEntry[];
}

/** Looks at what comes back to the agent. It only tells; what it looks at is not held back. */
export interface InboundScanner {
  /** Scans a whole text, e.g. a WebSocket message. */
  scanBytes(bytes: Uint8Array, surface: Surface): Finding[];
  /** Starts to look at a body as it passes; null: there is nothing to look for, or it is no text. */
  stream(kind: BodyKind): InboundStream | null;
}

/** One body that is looked at as it passes. */
export interface InboundStream {
  /** What the chunk adds. Never rejects: what cannot be decoded is not looked at. */
  push(chunk: Uint8Array): Promise<Finding[]>;
  /** No more is coming: frees everything once what was pushed has been looked at. */
  close(): void;
  /** frees everything; safe to call at any time */
  destroy(): void;
}

/** Decoded bytes of one body that are looked at; orders that come later are not noticed. */
const MAX_LOOKED_AT = 8 * 1024 * 1024;
/** Encoded bytes that may wait for the decoder; a body that comes faster is not looked at any further. */
const MAX_WAITING = 1024 * 1024;
/** New bytes that are searched together. */
const PIECE = 64 * 1024;

/** @throws DlpError `invalid_options` for an unknown detector */
export function createInboundScanner(options: InboundScannerOptions): InboundScanner {
  const unknown = options.detectors.find((name) => name !== 'prompt_injection');
  if (unknown !== undefined)
    throw new DlpError('invalid_options', 'unknown detector', { data: { detector: String(unknown) } });
  const isOn = options.detectors.includes('prompt_injection');
  const { allow } = options;
  const scan = (bytes: Uint8Array, surface: Surface): Finding[] => {
    if (!isOn) return [];
    const hits = searchInjections(bytes).filter((hit) => !isAllowed(allow, hit));
    return toFindings(
      bytes,
      hits.map((hit) => ({ hit, span: { start: hit.start, end: hit.end } })),
      surface,
      allow,
    );
  };
  return {
    scanBytes: scan,
    stream: (kind) => (isOn && isText(kind) ? startStream(kind, (bytes) => scan(bytes, 'response')) : null),
  };
}

function startStream(kind: BodyKind, scan: (bytes: Uint8Array) => Finding[]): InboundStream | null {
  const decoders = decodersFor(kind);
  return decoders === null ? null : new Passing(decoders, scan);
}

function decodersFor(kind: BodyKind): Decoder[] | null {
  try {
    return codingsOf(kind)
      .toReversed()
      .map((coding) => new Decoder(coding, Number.POSITIVE_INFINITY));
  } catch {
    return null;
  }
}

class Passing implements InboundStream {
  readonly #decoders: readonly Decoder[];
  readonly #scan: (bytes: Uint8Array) => Finding[];
  readonly #seen = new Set<string>();
  #tail: Uint8Array = new Uint8Array(0);
  #looked = 0;
  #waiting = 0;
  #work: Promise<Finding[]> = Promise.resolve([]);
  #isOver = false;

  constructor(decoders: readonly Decoder[], scan: (bytes: Uint8Array) => Finding[]) {
    this.#decoders = decoders;
    this.#scan = scan;
  }

  push(chunk: Uint8Array): Promise<Finding[]> {
    if (this.#isOver) return Promise.resolve([]);
    if (this.#decoders.length === 0) return Promise.resolve(this.#search(chunk));
    this.#waiting += chunk.length;
    if (this.#waiting > MAX_WAITING) this.destroy();
    // the caller may use its memory again before the decoder has read it
    const copy = Uint8Array.from(chunk);
    this.#work = this.#work.then(() => this.#decoded(copy));
    return this.#work;
  }

  close(): void {
    void this.#work.then(() => this.destroy());
  }

  destroy(): void {
    this.#isOver = true;
    this.#tail = new Uint8Array(0);
    for (const decoder of this.#decoders) decoder.destroy();
  }

  async #decoded(chunk: Uint8Array): Promise<Finding[]> {
    this.#waiting -= chunk.length;
    let pieces: Uint8Array[] = [chunk];
    try {
      for (const decoder of this.#decoders) {
        const outputs: Uint8Array[] = [];
        for (const piece of pieces) if (!this.#isOver) outputs.push(...(await decoder.write(piece)));
        pieces = outputs;
      }
    } catch {
      this.destroy();
      return [];
    }
    return pieces.flatMap((piece) => this.#search(piece));
  }

  #search(bytes: Uint8Array): Finding[] {
    const findings: Finding[] = [];
    for (let at = 0; at < bytes.length && !this.#isOver; at += PIECE) {
      const window = Buffer.concat([this.#tail, bytes.subarray(at, at + PIECE)]);
      // places in a body that is on its way mean nothing to whoever reads of them
      const found = this.#scan(window).map((finding) => ({ ...finding, offset: null, length: null }));
      findings.push(...found.filter(({ rule }) => !this.#seen.has(rule)));
      for (const { rule } of found) this.#seen.add(rule);
      this.#tail = Buffer.from(window.subarray(Math.max(0, window.length - 2 * AROUND)));
      this.#looked += Math.min(PIECE, bytes.length - at);
      if (this.#looked > MAX_LOOKED_AT) this.destroy();
    }
    return findings;
  }
}

/** Bodies that an agent reads as text; one without a type may be anything and counts. */
function isText(kind: BodyKind): boolean {
  const type = (kind.contentType ?? 'text/plain').trim().toLowerCase();
  return /^text\/|[/+](?:json|xml|yaml|x-yaml|javascript|x-javascript|x-ndjson|toml|markdown)\b/.test(type);
}
