import { setImmediate } from 'node:timers/promises';
import type { BodyKind, BodyStream, Finding, StreamStep } from '../contracts.ts';
import { boundaryOf, codingsOf, undecodable } from '../body/body-kind.ts';
import { Decoder } from '../body/decoder.ts';
import { DlpError } from '../errors.ts';
import { FragmentWindow } from '../fragments/fragment-window.ts';
import type { ScanContext } from '../scan/scan-text.ts';
import { WindowScan } from './window-scan.ts';

/** A block of zstd may come out only when all of it went in, up to this many decoded bytes later. */
const MAX_BLOCK = 128 * 1024;
/** Compressed bytes that may wait for their output; more of them decode to nothing and are refused. */
const MAX_WAITING = 1024 * 1024;
/** Bytes after which other work gets a turn. */
const TURN = 1024 * 1024;

/** How far the decoded output had come when a number of sent bytes had gone in. */
interface Mark {
  readonly sent: number;
  readonly decoded: number;
}

/**
 * Scans a body as it passes. The bytes as sent are always scanned (headers and gaps of compressed formats can hold
 * text); a compressed body is also decoded, and its bytes wait until what they decode to is safe.
 */
export class ScannedBody implements BodyStream {
  readonly #sent: WindowScan;
  readonly #decoded: WindowScan | null;
  readonly #decoders: Decoder[];
  #pending: Uint8Array[] = [];
  readonly #seen = new Set<string>();
  #pendingBytes = 0;
  #released = 0;
  #marks: Mark[] = [];
  #isTainted = false;
  #isClosed = false;
  #sinceTurn = 0;

  /** @throws DlpError `undecodable_body` on a content encoding that cannot be undone */
  constructor(kind: BodyKind, context: ScanContext, maxDecoded: number) {
    // parts of a value may be some in the bytes as sent and some in what they decode to
    const fragments = context.fragments ?? new FragmentWindow();
    const scan = { ...context, fragments, surface: 'body' } as const;
    const codings = codingsOf(kind);
    const walk = { fold: false, quotedPrintable: boundaryOf(kind) !== null };
    this.#sent = new WindowScan({ ...scan, walk, isAsSent: true });
    this.#decoded = codings.length === 0 ? null : new WindowScan({ ...scan, walk, isAsSent: false });
    this.#decoders = codings.toReversed().map((coding) => new Decoder(coding, maxDecoded));
  }

  get heldBytes(): number {
    return this.#pendingBytes + (this.#decoded?.heldBytes ?? 0);
  }

  async push(chunk: Uint8Array): Promise<StreamStep> {
    this.#assertOpen();
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    const findings = this.#sent.feed(chunk);
    if (this.#decoded !== null) {
      findings.push(...(await this.#decode(chunk, this.#decoded)));
      this.#marks.push({ sent: this.#sent.end, decoded: this.#decoded.end });
    }
    await this.#giveTurn(chunk.length);
    const step = this.#step(findings, this.#safeToSend());
    if (this.#decoded !== null && this.#pendingBytes > MAX_WAITING + chunk.length) {
      this.destroy();
      throw undecodable('the encoded body holds too much that decodes to nothing');
    }
    return step;
  }

  async end(): Promise<StreamStep> {
    this.#assertOpen();
    // first, because these have places
    const findings = this.#sent.finish();
    if (this.#decoded !== null) {
      for (const [index, decoder] of this.#decoders.entries()) {
        const rest = await this.#guard(() => decoder.end());
        for (const output of rest) findings.push(...(await this.#decode(output, this.#decoded, index + 1)));
      }
      findings.push(...this.#decoded.finish());
    }
    const step = this.#step(findings, this.#sent.end);
    this.destroy();
    return step;
  }

  destroy(): void {
    this.#isClosed = true;
    for (const decoder of this.#decoders) decoder.destroy();
    this.#sent.clear();
    this.#decoded?.clear();
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#marks = [];
  }

  async #decode(bytes: Uint8Array, window: WindowScan, index = 0): Promise<Finding[]> {
    const decoder = this.#decoders[index];
    if (decoder === undefined) {
      await this.#giveTurn(bytes.length);
      return window.feed(bytes);
    }
    const findings: Finding[] = [];
    // piece by piece, so that the output of one is gone before the next
    for (const output of await this.#guard(() => decoder.write(bytes))) {
      findings.push(...(await this.#decode(output, window, index + 1)));
    }
    return findings;
  }

  async #guard(work: () => Promise<Uint8Array[]>): Promise<Uint8Array[]> {
    try {
      return await work();
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** Offset in the sent bytes up to which they may leave. */
  #safeToSend(): number {
    const decoded = this.#decoded;
    if (decoded === null) return this.#sent.safe;
    let safe = 0;
    for (const mark of this.#marks) {
      if (mark.decoded + MAX_BLOCK > decoded.safe) break;
      safe = mark.sent;
    }
    this.#marks = this.#marks.filter((mark) => mark.sent > safe);
    return Math.min(this.#sent.safe, Math.max(safe, this.#released));
  }

  #step(found: readonly Finding[], upTo: number): StreamStep {
    const findings = found.filter((finding) => this.#isNew(finding));
    if (found.length > 0) this.#isTainted = true;
    const release: Uint8Array[] = [];
    if (this.#isTainted) {
      // what will never be released need not be kept, however long the caller goes on
      this.#pending = [];
      this.#pendingBytes = 0;
      return { release, findings };
    }
    while (this.#released < upTo) {
      const first = this.#pending.shift();
      if (first === undefined) break;
      const wanted = upTo - this.#released;
      const now = first.subarray(0, wanted);
      if (now.length < first.length) this.#pending.unshift(first.subarray(now.length));
      release.push(now);
      this.#released += now.length;
      this.#pendingBytes -= now.length;
    }
    return { release: release.filter((bytes) => bytes.length > 0), findings };
  }

  /** The bytes as sent and what they decode to often show the same thing. */
  #isNew(finding: Finding): boolean {
    const value = `${finding.rule} ${finding.sha256}`;
    const isNew = finding.offset !== null || !this.#seen.has(value);
    this.#seen.add(value);
    return isNew;
  }

  async #giveTurn(bytes: number): Promise<void> {
    this.#sinceTurn += bytes;
    if (this.#sinceTurn < TURN) return;
    this.#sinceTurn = 0;
    await setImmediate();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new DlpError('stream_closed', 'the body stream is closed');
  }
}
