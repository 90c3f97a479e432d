import { Readable } from 'node:stream';
import { DlpError, redactSpans } from '@bot-bottle/dlp';
import type { BodyKind, Finding, Scanner } from '@bot-bottle/dlp';
import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import type { ServerContext } from '../server-context.ts';
import { BodyCollector } from './collect-body.ts';
import type { Collected } from './collect-body.ts';
import { Denied } from './denied.ts';
import type { LazyAbort } from './lazy-abort.ts';
import { blockMessage } from './scan-head.ts';
import type { OutgoingHead } from './scan-head.ts';
import { Upload } from './upload.ts';
import type { UploadStop } from './upload.ts';

/** What happens to a body on its way. */
export interface BodyEvents {
  warned(findings: readonly Finding[]): void;
  redacted(): void;
  /** only after `prepare` resolved: the rest of a streamed body may not leave */
  stopped(denied: Denied): void;
}

const STREAMED_BYTES = 64 * 1024;

/** The body of one request: scanned whole when it fits, else a stream that releases only what was scanned. */
export class PreparedBody {
  /** what undici sends, null for no body */
  content: Buffer | Readable | null = null;
  /** Content-Length to send, null for none */
  length: number | null = null;
  /** whether the agent has sent everything, so that its connection can carry another request */
  consumed = true;
  readonly #server: ServerContext;
  readonly #reader: AgentReader;
  readonly #head: RequestHead;
  readonly #decision: AllowDecision;
  readonly #collector: BodyCollector;
  #upload: Upload | null = null;

  constructor(
    server: ServerContext,
    reader: AgentReader,
    head: RequestHead,
    decision: AllowDecision,
    gone: LazyAbort,
  ) {
    this.#server = server;
    this.#reader = reader;
    this.#head = head;
    this.#decision = decision;
    this.#collector = new BodyCollector(reader, server.held, gone);
  }

  /** Resolves when the request may go on; throws `Denied`. */
  async prepare(outgoing: OutgoingHead, events: BodyEvents): Promise<void> {
    const { framing } = this.#head;
    const headBytes = sizeOf(outgoing);
    const announced = framing.kind === 'length' ? framing.length : 0;
    if (!this.#server.bytes.allows(headBytes + announced)) throw new Denied('budget_exceeded');
    if (framing.kind === 'none') {
      this.#spend(headBytes, 0);
      return;
    }
    this.consumed = false;
    const scanner = this.#server.policy.scanner(this.#decision.route);
    const kind = bodyKind(outgoing);
    const collected = await this.#collector.collect(this.#head);
    this.#spend(headBytes, 0);
    switch (collected.kind) {
      case 'whole':
        await this.#whole(collected.body, scanner, kind, headBytes, events);
        return;
      case 'long':
        this.#stream(collected, scanner, kind, headBytes, events);
        return;
      case 'over_budget':
        throw new Denied('limit_exceeded');
      case 'malformed':
      case 'timeout':
        throw new Denied('malformed_request');
    }
  }

  /** The body was sent whole: its bytes are not held any more, however long the answer takes. */
  forget(): void {
    this.#collector.release();
    this.content = null;
  }

  release(): void {
    this.#collector.release();
    this.#upload?.stream.destroy();
    this.content = null;
  }

  #spend(bytes: number, before: number): void {
    if (!this.#server.bytes.spend(bytes, before)) throw new Denied('budget_exceeded');
  }

  async #whole(
    body: Buffer,
    scanner: Scanner | null,
    kind: BodyKind,
    headBytes: number,
    events: BodyEvents,
  ): Promise<void> {
    this.consumed = true;
    this.#spend(body.length, headBytes);
    const content = scanner === null ? body : await this.#scanned(body, scanner, kind, events);
    this.content = content.length > STREAMED_BYTES ? once(content) : content.length === 0 ? null : content;
    this.length = content.length;
  }

  async #scanned(body: Buffer, scanner: Scanner, kind: BodyKind, events: BodyEvents): Promise<Buffer> {
    const findings = await scanBody(scanner, body, kind);
    if (findings.length === 0) return body;
    const onMatch = this.#decision.route.dlp.on_match;
    if (onMatch === 'warn') {
      events.warned(findings);
      return body;
    }
    if (
      onMatch === 'redact' &&
      findings.every((finding) => finding.offset !== null && finding.length !== null)
    ) {
      const redacted = Buffer.from(redactSpans(body, findings));
      if ((await scanBody(scanner, redacted, kind)).length === 0) {
        events.warned(findings);
        events.redacted();
        return redacted;
      }
    }
    throw this.#blocked(findings);
  }

  #stream(
    collected: Extract<Collected, { kind: 'long' }>,
    scanner: Scanner | null,
    kind: BodyKind,
    headBytes: number,
    events: BodyEvents,
  ): void {
    const { framing } = this.#head;
    const warnOnly = this.#decision.route.dlp.on_match === 'warn';
    const upload = new Upload({
      reader: this.#reader,
      bytes: this.#server.bytes,
      held: this.#server.held,
      scan: scanner?.stream(kind) ?? null,
      warnOnly,
      spent: headBytes,
      onStop: (stop) => events.stopped(this.#stopped(stop)),
      onWarning: (findings) => events.warned(findings),
    });
    this.#upload = upload;
    this.content = upload.stream;
    this.length = framing.kind === 'length' ? framing.length : null;
    // the start is fed when the first byte is wanted, which is after the connection is there
    const feed = () => {
      for (const chunk of collected.start) upload.data(chunk);
      this.#collector.setTail({
        data: (chunk) => upload.data(chunk),
        end: () => {
          this.consumed = true;
          upload.end();
        },
        fail: (kindOfFailure) => upload.fail(kindOfFailure),
      });
      this.#collector.release();
    };
    setImmediate(feed);
  }

  #stopped(stop: UploadStop): Denied {
    switch (stop.kind) {
      case 'findings':
        return this.#blocked(stop.findings);
      case 'undecodable':
        return new Denied('undecodable_body', { rule: this.#decision.rule });
      case 'budget':
        return new Denied('budget_exceeded');
      case 'held':
        return new Denied('limit_exceeded');
      case 'malformed':
      case 'timeout':
        return new Denied('malformed_request');
    }
  }

  #blocked(findings: readonly Finding[]): Denied {
    const [first] = findings;
    const text = blockMessage(first, this.#decision.route.dlp.on_match);
    return new Denied('dlp_blocked', { rule: first?.rule ?? null, text, findings });
  }
}

async function scanBody(scanner: Scanner, body: Buffer, kind: BodyKind): Promise<Finding[]> {
  try {
    return await scanner.scanBody(body, kind);
  } catch (error) {
    // a scanner that fails is a scanner that found nothing only by accident
    throw new Denied(DlpError.isInstance(error) ? 'undecodable_body' : 'scanner_unavailable');
  }
}

function bodyKind(outgoing: OutgoingHead): BodyKind {
  let contentType: string | null = null;
  const encodings: string[] = [];
  for (const [name, value] of outgoing.headers) {
    const lower = name.toLowerCase();
    if (lower === 'content-type') contentType ??= value;
    else if (lower === 'content-encoding') encodings.push(value);
  }
  return { contentType, contentEncoding: encodings.length === 0 ? null : encodings.join(', ') };
}

/** undici keeps a body as long as its answer takes, which for a stream is long; a stream it lets go of. */
function once(body: Buffer): Readable {
  let left: Buffer | null = body;
  return new Readable({
    read() {
      if (left !== null) this.push(left);
      left = null;
      this.push(null);
    },
  });
}

/** Bytes of a head as it is sent, near enough for a budget. */
function sizeOf(outgoing: OutgoingHead): number {
  let bytes = outgoing.path.length + 16;
  for (const [name, value] of outgoing.headers) bytes += name.length + value.length + 4;
  return bytes;
}
