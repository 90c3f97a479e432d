import type { Readable } from 'node:stream';
import { DlpError, redactSpans } from '@bot-bottle/dlp';
import type { BodyKind, Finding, Scanner } from '@bot-bottle/dlp';
import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import { scannerFor, showingFor } from '../hold/scanner-for.ts';
import { shownFindings } from '../hold/shown-findings.ts';
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
  /** a human is to be asked before the body may leave */
  supervised(findings: readonly Finding[]): void;
  /** only after `prepare` resolved: the rest of a streamed body may not leave */
  stopped(denied: Denied): void;
  /** like `stopped`, and a human is to be asked before the same body may leave another time */
  interrupted(findings: readonly Finding[]): void;
}

/** The body of one request: scanned whole when it fits, else a stream that releases only what was scanned. */
export class PreparedBody {
  /** what is sent, null for no body */
  content: Buffer | Readable | null = null;
  /** Content-Length to send, null for none */
  length: number | null = null;
  /** whether the agent has sent everything, so that its connection can carry another request */
  consumed = true;
  /** too long to be held, and so not prepared, because a human is to be asked about the head already */
  isTooLong = false;
  readonly #server: ServerContext;
  readonly #reader: AgentReader;
  readonly #head: RequestHead;
  #decision: AllowDecision;
  readonly #collector: BodyCollector;
  #whole: Buffer | null = null;
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

  /**
   * Resolves when the request may go on, if nobody is to be asked; throws `Denied`.
   *
   * @param isHeld a human is to be asked about the head
   */
  async prepare(outgoing: OutgoingHead, isHeld: boolean, events: BodyEvents): Promise<void> {
    const { framing } = this.#head;
    const headBytes = sizeOf(outgoing);
    const announced = framing.kind === 'length' ? framing.length : 0;
    if (!this.#server.bytes.allows(headBytes + announced)) throw new Denied('budget_exceeded');
    if (framing.kind === 'none') {
      this.#spend(headBytes, 0);
      return;
    }
    this.consumed = false;
    const collected = await this.#collector.collect(this.#head);
    this.#spend(headBytes, 0);
    switch (collected.kind) {
      case 'whole':
        this.consumed = true;
        this.#spend(collected.body.length, headBytes);
        this.#whole = collected.body;
        await this.#pass(collected.body, outgoing, events);
        return;
      case 'long':
        if (isHeld) this.isTooLong = true;
        else this.#stream(collected, outgoing, headBytes, events);
        return;
      // what it waited for while its body was being collected is the shared budget
      case 'over_budget':
      case 'held_back':
        throw new Denied('limit_exceeded');
      case 'malformed':
      case 'timeout':
        throw new Denied('malformed_request');
    }
  }

  /** Looks at a held body again, under a decision made anew. */
  async rescan(outgoing: OutgoingHead, decision: AllowDecision, events: BodyEvents): Promise<void> {
    this.#decision = decision;
    if (this.#whole !== null) await this.#pass(this.#whole, outgoing, events);
  }

  /** Counts a head that waits for a human against the shared budget; false: there is no room. */
  holdHead(outgoing: OutgoingHead): boolean {
    const bytes = sizeOf(outgoing);
    if (!this.#server.held.tryTake(bytes)) return false;
    this.#collector.taken += bytes;
    return true;
  }

  /** The body was sent whole: its bytes are not held any more, however long the answer takes. */
  forget(): void {
    this.#collector.release();
    this.#whole = null;
    this.content = null;
  }

  release(): void {
    this.#collector.release();
    this.#upload?.stream.destroy();
    this.#whole = null;
    this.content = null;
  }

  #spend(bytes: number, before: number): void {
    if (!this.#server.bytes.spend(bytes, before)) throw new Denied('budget_exceeded');
  }

  async #pass(body: Buffer, outgoing: OutgoingHead, events: BodyEvents): Promise<void> {
    const scanner = scannerFor(this.#server, this.#decision);
    const content = scanner === null ? body : await this.#scanned(body, scanner, bodyKind(outgoing), events);
    if (content === null) {
      this.content = null;
      this.length = null;
      return;
    }
    this.content = content.length === 0 ? null : content;
    this.length = content.length;
  }

  /** null: nothing may leave until a human was asked */
  async #scanned(body: Buffer, scanner: Scanner, kind: BodyKind, events: BodyEvents): Promise<Buffer | null> {
    const findings = await scanBody(scanner, body, kind);
    if (findings.length === 0) return body;
    const onMatch = this.#decision.route.dlp.on_match;
    if (onMatch === 'supervise') {
      events.supervised(await this.#showable(findings, body, kind));
      return null;
    }
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
    outgoing: OutgoingHead,
    headBytes: number,
    events: BodyEvents,
  ): void {
    const { framing } = this.#head;
    const onMatch = this.#decision.route.dlp.on_match;
    const isWhole = showingFor(this.#server, this.#decision) === null;
    const upload = new Upload({
      reader: this.#reader,
      bytes: this.#server.bytes,
      held: this.#server.held,
      scan: scannerFor(this.#server, this.#decision)?.stream(bodyKind(outgoing)) ?? null,
      warnOnly: onMatch === 'warn',
      spent: headBytes,
      onStop: (stop) => {
        if (stop.kind === 'findings' && onMatch === 'supervise')
          events.interrupted(isWhole ? stop.findings : shownFindings(stop.findings, []));
        else events.stopped(this.#stopped(stop));
      },
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
      case 'held_back':
        return new Denied('upstream_timeout', { rule: this.#decision.rule });
      case 'malformed':
      case 'timeout':
        return new Denied('malformed_request');
    }
  }

  /** Unlike a head, a body is scanned asynchronously. */
  async #showable(findings: readonly Finding[], body: Buffer, kind: BodyKind): Promise<readonly Finding[]> {
    const showing = showingFor(this.#server, this.#decision);
    return showing === null ? findings : shownFindings(findings, await scanBody(showing, body, kind));
  }

  #blocked(findings: readonly Finding[]): Denied {
    const [first] = findings;
    const text = blockMessage(first);
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
    if (name.length === 'content-type'.length && name.toLowerCase() === 'content-type') contentType ??= value;
    else if (name.length === 'content-encoding'.length && name.toLowerCase() === 'content-encoding')
      encodings.push(value);
  }
  return { contentType, contentEncoding: encodings.length === 0 ? null : encodings.join(', ') };
}

/** Bytes of a head as it is sent, near enough for a budget. */
function sizeOf(outgoing: OutgoingHead): number {
  let bytes = outgoing.path.length + 16;
  for (const [name, value] of outgoing.headers) bytes += name.length + value.length + 4;
  return bytes;
}
