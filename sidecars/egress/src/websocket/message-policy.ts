import type { AuditEvent } from '@bot-bottle/audit';
import type { BodyStream, Finding, Scanner } from '@bot-bottle/dlp';
import type { RequestHead } from '@bot-bottle/egress';
import { HoldStage } from '../hold/hold-stage.ts';
import { scannerFor, showingFor } from '../hold/scanner-for.ts';
import { shownFindings } from '../hold/shown-findings.ts';
import { Denied } from '../request/denied.ts';
import type { ServerContext } from '../server-context.ts';
import { findAcross, findInMessage, overwritten } from './find-in-message.ts';
import { passedEvent } from './message-events.ts';
import type { MessageScene } from './message-events.ts';
import { RecentBytes } from './recent-bytes.ts';

/** Control frames are messages of their own kind: a ping between two messages must not hide that they belong together. */
export type MessageClass = 'data' | 'control';

export interface PolicyEvents {
  /** Resolves when the event is safely recorded; rejects with `Denied`. */
  record(event: AuditEvent): Promise<void>;
  /** the WebSocket may not go on */
  failed(denied: unknown): void;
  /** whether it is over, so that nothing is to be asked or recorded any more */
  isOver(): boolean;
}

/** More questions about one message than its findings can need. */
const MAX_ROUNDS = 32;

/** What the row of a WebSocket does with what is found in the agent's messages. */
export class MessagePolicy {
  /** a message waits for a human */
  isHolding = false;
  readonly #server: ServerContext;
  readonly #scene: MessageScene;
  readonly #events: PolicyEvents;
  readonly #stage: HoldStage;
  readonly #recent = { data: new RecentBytes(), control: new RecentBytes(), all: new RecentBytes() };

  constructor(server: ServerContext, head: RequestHead, scene: MessageScene, events: PolicyEvents) {
    this.#server = server;
    this.#scene = scene;
    this.#events = events;
    this.#stage = new HoldStage(server, head, events);
  }

  /** id of the last question, null: none was taken */
  get proposal(): string | null {
    return this.#stage.proposal;
  }

  /** What is found is recorded and goes on. */
  get isWarnOnly(): boolean {
    return this.#scene.decision.route.dlp.on_match === 'warn';
  }

  /** What scans now, null: nothing does, and messages need not be held. Secrets may have been replaced meanwhile. */
  get scanner(): Scanner | null {
    return scannerFor(this.#server, this.#scene.decision);
  }

  /** Resolves with the bytes that may leave for a whole message; throws `Denied` when none may. */
  async pass(message: Buffer, kind: MessageClass): Promise<Buffer> {
    const deadline = performance.now() + this.#server.config.limits.hold_ms;
    const { on_match: onMatch } = this.#scene.decision.route.dlp;
    let asked: readonly Finding[] = [];
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { scanner } = this;
      const found = scanner === null ? [] : await this.#find(scanner, message, kind);
      if (scanner === null || found.length === 0) {
        if (asked.length > 0) await this.#record('allowed', asked);
        return this.#sent(message, kind);
      }
      switch (onMatch) {
        case 'block':
          throw blocked(found);
        case 'warn':
          return await this.#warned(message, found);
        case 'redact':
          return await this.#redacted(scanner, message, kind, found);
        case 'supervise':
          asked = await this.#shown(message, kind, found);
          await this.#ask(asked, deadline);
          if (this.#events.isOver()) throw blocked(asked);
      }
    }
    throw blocked(asked);
  }

  /** Begins to scan a message that is too long to be held; throws `Denied` for what earlier ones make with its start. */
  async begin(scanner: Scanner, start: Buffer): Promise<BodyStream> {
    await this.found(await findAcross(scanner, start, this.#earlier('data')));
    return scanner.stream({ contentType: null, contentEncoding: null });
  }

  /** What is found in a message that is on its way already: resolves when it goes on all the same. */
  async found(raw: readonly Finding[]): Promise<void> {
    if (raw.length === 0) return;
    const { on_match: onMatch } = this.#scene.decision.route.dlp;
    const findings = raw.map((finding): Finding => ({ ...finding, surface: 'websocket' }));
    if (onMatch === 'warn') {
      await this.#warned(Buffer.alloc(0), findings);
      return;
    }
    if (onMatch !== 'supervise') throw blocked(findings);
    const isWhole = showingFor(this.#server, this.#scene.decision) === null;
    const shown = isWhole ? findings : shownFindings(findings, []);
    const { code, rule } = await this.#stage.ask({ ...this.#scene, findings: shown });
    const text =
      code === 'dlp_blocked' && this.proposal !== null
        ? 'a message over 1 MiB is not held; a human was asked: send it again once it is approved'
        : null;
    throw new Denied(code, { rule, text, findings: shown });
  }

  /** Keeps in mind what left without `pass`. */
  left(bytes: Buffer): void {
    this.#sent(bytes, 'data');
  }

  /** Nobody waits for an answer any more. */
  leave(): void {
    this.#stage.leave();
  }

  #find(scanner: Scanner, message: Buffer, kind: MessageClass): Promise<Finding[]> {
    return findInMessage(scanner, message, this.#earlier(kind));
  }

  /** What a message of a kind may continue. */
  #earlier(kind: MessageClass): Buffer[] {
    const own = this.#recent[kind].bytes;
    const all = this.#recent.all.bytes;
    return own.equals(all) ? [own] : [own, all];
  }

  #sent(message: Buffer, kind: MessageClass): Buffer {
    this.#recent[kind].add(message);
    this.#recent.all.add(message);
    return message;
  }

  async #warned(message: Buffer, findings: readonly Finding[]): Promise<Buffer> {
    for (const { rule } of findings.slice(0, 16))
      this.#server.log(1, { event: 'finding', rule, surface: 'websocket', action: 'warn' });
    await this.#record('warned', findings);
    // what was told of once would be found again with each message that follows
    for (const recent of Object.values(this.#recent)) recent.forget();
    return message;
  }

  async #redacted(
    scanner: Scanner,
    message: Buffer,
    kind: MessageClass,
    findings: readonly Finding[],
  ): Promise<Buffer> {
    const redacted = overwritten(message, findings);
    if (redacted === null || (await this.#find(scanner, redacted, kind)).length > 0) throw blocked(findings);
    await this.#record('redacted', findings);
    return this.#sent(redacted, kind);
  }

  async #ask(findings: readonly Finding[], deadline: number): Promise<void> {
    this.isHolding = true;
    try {
      await this.#stage.wait({ ...this.#scene, findings }, deadline);
    } catch (error) {
      const isBlocked = error instanceof Denied && error.code === 'dlp_blocked';
      throw isBlocked ? blocked(findings, 'a human cannot be asked') : error;
    } finally {
      this.isHolding = false;
    }
  }

  async #shown(message: Buffer, kind: MessageClass, found: readonly Finding[]): Promise<readonly Finding[]> {
    const showing = showingFor(this.#server, this.#scene.decision);
    return showing === null ? found : shownFindings(found, await this.#find(showing, message, kind));
  }

  #record(outcome: 'allowed' | 'warned' | 'redacted', findings: readonly Finding[]): Promise<void> {
    return this.#events.record(passedEvent(this.#scene, outcome, findings, this.proposal));
  }
}

/** The note must be short: a close frame has room for 123 bytes. */
function blocked(findings: readonly Finding[], note: string | null = null): Denied {
  const rule = findings[0]?.rule ?? null;
  const text = [rule === null ? null : `rule ${rule}`, note].filter((part) => part !== null).join('; ');
  return new Denied('dlp_blocked', { rule, text: text === '' ? null : text, findings });
}
