import { denials } from '@bot-bottle/audit';
import type { AuditEvent, DenialCode } from '@bot-bottle/audit';
import type { Finding, Scanner } from '@bot-bottle/dlp';
import { createEchoRedactor, decide } from '@bot-bottle/egress';
import type { AllowDecision, RequestHead, Via } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import { HoldStage } from '../hold/hold-stage.ts';
import type { Matched } from '../hold/hold-stage.ts';
import { approvedFor } from '../hold/scanner-for.ts';
import type { Credential } from '../policy/policy-state.ts';
import { AgentWriter } from '../response/agent-writer.ts';
import { ResponseRelay } from '../response/relay-response.ts';
import type { ServerContext } from '../server-context.ts';
import type { Destination } from '../upstream/routing.ts';
import { upstreamDenial } from '../upstream/upstream-error.ts';
import { upstreamDenied } from './upstream-denied.ts';
import { ResponseTap } from '../response/response-tap.ts';
import { checkPins } from './check-pins.ts';
import { credentialFor } from './credential-for.ts';
import { Denied } from './denied.ts';
import { describeDecided, describeRequest } from './describe-request.ts';
import { exchangeDenial } from './exchange-denial.ts';
import { allowedEvent, answerEvent, deniedEvent } from './exchange-events.ts';
import type { LiveExchange } from './exchanges.ts';
import { LazyAbort } from './lazy-abort.ts';
import { answerLocal } from './local-answers.ts';
import { PreparedBody } from './prepared-body.ts';
import type { BodyEvents } from './prepared-body.ts';
import { blockMessage } from './scan-head.ts';
import type { OutgoingHead } from './scan-head.ts';
import { scanRequest } from './scan-request.ts';
import { upstreamRequest } from './upstream-request.ts';
import { switchProtocols } from '../websocket/switch-protocols.ts';
import type { Switched } from '../websocket/switch-protocols.ts';
import type { WebSocketRelay } from '../websocket/websocket-relay.ts';

const none: readonly Finding[] = [];
const noScanners: readonly Scanner[] = [];
const WITHDRAWN = 'The route was withdrawn while the request was running.';
/** More questions about one request than its findings can need. */
const MAX_ROUNDS = 32;

/** One request of the agent, from its parsed head to the last byte of its answer. */
export class Exchange implements LiveExchange, BodyEvents {
  decision: AllowDecision | null = null;
  index = -1;
  readonly #server: ServerContext;
  readonly #reader: AgentReader;
  readonly #head: RequestHead;
  readonly #via: Via;
  readonly #onFinished: (reusable: boolean) => void;
  readonly #gone = new LazyAbort();
  readonly #writer: AgentWriter;
  #relay: ResponseRelay | null = null;
  #abortUpstream: (() => void) | null = null;
  #body: PreparedBody | null = null;
  #warnings = none;
  #redacted = false;
  #websocket: WebSocketRelay | null = null;
  #described: string | null = null;
  /** found, and only a human can let it pass */
  #toAsk = none;
  #stage: HoldStage | null = null;
  /** its body was stopped on the way, and a human is being asked */
  #isCut = false;
  #over = false;

  constructor(
    server: ServerContext,
    reader: AgentReader,
    head: RequestHead,
    via: Via,
    onFinished: (reusable: boolean) => void,
  ) {
    this.#server = server;
    this.#reader = reader;
    this.#head = head;
    this.#via = via;
    this.#onFinished = onFinished;
    this.#writer = new AgentWriter(reader, () => this.#relay?.resume());
  }

  /** Runs the stages; every way out answers or ends the connection. */
  async run(): Promise<void> {
    this.#server.exchanges.add(this);
    try {
      await this.#stages();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#answer(error instanceof Denied ? error : upstreamDenied(upstreamDenial(error), this.decision));
  }

  /** Whatever goes wrong while a denial is made, the connection ends. */
  #answer(denied: Denied): void {
    try {
      this.#deny(denied);
    } catch {
      this.#server.log(0, { event: 'denial_failed', code: denied.code });
      this.#close();
      this.#reader.destroy();
      this.#onFinished(false);
    }
  }

  redecide(): AllowDecision | null {
    const { policy, now } = this.#server;
    const decision = decide(policy.table, { head: this.#head, via: this.#via }, now());
    return decision.kind === 'allow' ? decision : null;
  }

  goAway(): void {
    this.#websocket?.fail(new Denied('shutting_down'));
  }

  cut(): void {
    if (this.#over) return;
    const withdrawn = new Denied('host_not_allowed', { text: WITHDRAWN });
    if (this.#websocket !== null) this.#websocket.fail(withdrawn);
    else if (this.#writer.started || this.decision === null) this.#destroy();
    else this.#deny(withdrawn);
  }

  /** The agent left, or does not read. */
  agentGone(): void {
    if (!this.#over) this.#destroy();
  }

  warned(findings: readonly Finding[]): void {
    this.#warnings = [...this.#warnings, ...findings].slice(0, 16);
    for (const { rule, surface } of findings.slice(0, 16)) {
      this.#server.log(1, { event: 'finding', rule, surface: String(surface).slice(0, 128), action: 'warn' });
    }
  }

  redacted(): void {
    this.#redacted = true;
  }

  supervised(findings: readonly Finding[]): void {
    this.#toAsk = [...this.#toAsk, ...findings];
  }

  stopped(denied: Denied): void {
    this.#deny(denied);
  }

  /** The same request is to pass once a human said so, but not this time. */
  interrupted(findings: readonly Finding[]): void {
    if (this.#over || this.#isCut) return;
    this.#isCut = true;
    this.#abortUpstream?.();
    const asked = this.#holdStage().ask(this.#matched(findings));
    void asked.then((denied) => this.#answer(denied));
  }

  async #stages(): Promise<void> {
    const decided = this.#decide();
    if (decided === null) return;
    const scanned = this.#scan(decided);
    const isHeld = this.#toAsk.length > 0;
    if (!isHeld) checkPins(this.#server.pins, decided, scanned);
    const body = new PreparedBody(this.#server, this.#reader, this.#head, decided, this.#gone);
    this.#body = body;
    this.#writeContinue();
    await body.prepare(scanned, isHeld, this);
    if (this.#over) return;
    const head = this.#toAsk.length === 0 ? scanned : await this.#hold(body, scanned);
    const { decision } = this;
    if (head === null || decision === null) return;
    const credential = credentialFor(this.#server.policy, decision);
    const found = this.#server.routing.find(decision);
    const destination = found instanceof Promise ? await found : found;
    const scan = { findings: this.#warnings, redacted: this.#redacted };
    const proposal = this.#stage?.proposal ?? null;
    const target = this.#allowedTarget(decision);
    await this.#record(allowedEvent(this.#head, decision, target, scan, proposal));
    this.#watchAnswer(decision, target);
    if (!this.#over && !this.#isCut) this.#dispatch(head, credential, destination, body);
  }

  /** What is found in an answer is told; the answer goes on. */
  #watchAnswer(decision: AllowDecision, target: string): void {
    const inbound = this.#server.policy.inbound(decision.route);
    if (inbound === null) return;
    this.#writer.tap = new ResponseTap(inbound, (findings) => {
      for (const { rule } of findings)
        this.#server.log(1, { event: 'finding', rule, surface: 'response', action: 'warn' });
      const event = answerEvent(decision, target, findings);
      this.#server.audit(event).catch(() => this.#server.log(0, { event: 'audit_failed' }));
    });
  }

  /** null: answered here */
  #decide(): AllowDecision | null {
    const { policy, now } = this.#server;
    if (this.#server.isDraining()) throw new Denied('shutting_down');
    const decided = decide(policy.table, { head: this.#head, via: this.#via }, now());
    if (decided.kind === 'deny') {
      const { code, rule, ask, message } = decided;
      throw new Denied(code, { rule, ask, text: message ?? null });
    }
    if (decided.kind === 'local') {
      answerLocal(decided.what, this.#server, this.#head, this.#writer);
      this.#finish();
      return null;
    }
    this.decision = decided;
    if (this.#head.path === '*') throw new Denied('malformed_request');
    return decided;
  }

  /**
   * Waits until a human let pass all that is found under the table in force then. What goes on was decided and scanned
   * after the last answer. null: the request is over.
   */
  async #hold(body: PreparedBody, first: OutgoingHead): Promise<OutgoingHead | null> {
    const deadline = performance.now() + this.#server.config.limits.hold_ms;
    const stage = this.#holdStage();
    if (body.isTooLong) throw await stage.ask(this.#matched(this.#toAsk));
    if (!body.holdHead(first)) throw new Denied('limit_exceeded');
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await stage.wait(this.#matched(this.#toAsk), deadline);
      const decision = this.#over ? null : this.#decide();
      if (decision === null) return null;
      this.#toAsk = none;
      const head = this.#scan(decision);
      await body.rescan(head, decision, this);
      if (this.#over) return null;
      if (this.#toAsk.length === 0) {
        checkPins(this.#server.pins, decision, head);
        return head;
      }
    }
    throw this.#blocked(this.#toAsk);
  }

  #holdStage(): HoldStage {
    this.#stage ??= new HoldStage(this.#server, this.#head, {
      record: (event) => this.#record(event),
      failed: (error) => this.#fail(error),
    });
    return this.#stage;
  }

  #scan(decision: AllowDecision): OutgoingHead {
    const result = scanRequest(this.#server, this.#head, decision);
    switch (result.kind) {
      case 'blocked':
        throw this.#blocked(result.findings);
      case 'supervised':
        this.#toAsk = result.findings;
        break;
      case 'warned':
        this.warned(result.findings);
        break;
      case 'redacted':
        this.#redacted = true;
        this.#warnings = result.findings;
        break;
      case 'clean':
        break;
    }
    return result.head;
  }

  #blocked(findings: readonly Finding[]): Denied {
    const [first] = findings;
    return new Denied('dlp_blocked', { rule: first?.rule ?? null, text: blockMessage(first), findings });
  }

  #matched(findings: readonly Finding[]): Matched {
    const { decision } = this;
    if (decision === null) throw this.#blocked(findings);
    return { decision, target: this.#target(), findings };
  }

  #writeContinue(): void {
    if (this.#head.expectContinue) this.#reader.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  #dispatch(
    head: OutgoingHead,
    credential: Credential | null,
    destination: Destination,
    body: PreparedBody,
  ): void {
    const relay = new ResponseRelay(this.#head, credential, this.#writer, {
      dispatched: (abort) => {
        this.#abortUpstream = abort;
        return !this.#over && !this.#isCut;
      },
      canKeepAlive: () => {
        // the answer begins, so a body that was held has left
        if (this.#body?.consumed === true) this.#body.forget();
        return this.#canKeepAlive();
      },
      done: (status) => this.#done(status),
      failed: (code) => this.#upstreamFailed(code),
      upgraded: (switched) => this.#switchProtocols(switched, head, credential),
    });
    this.#relay = relay;
    destination.pool.dispatch(upstreamRequest(this.#head, head, credential, destination, body), relay);
  }

  #canKeepAlive(): boolean {
    return (
      this.#head.keepAlive &&
      // what follows a handshake was meant for a WebSocket, whatever it looks like
      this.#head.upgrade === null &&
      (this.#body?.consumed ?? this.#head.framing.kind === 'none') &&
      !this.#server.isDraining()
    );
  }

  #done(status: number): void {
    const rule = this.decision?.rule ?? null;
    if (this.#server.config.log === 2)
      this.#server.log(2, { event: 'request', target: this.#target(), status, rule });
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    const reusable = this.#canKeepAlive();
    this.#close();
    if (!reusable) this.#reader.finish('');
    this.#onFinished(reusable);
  }

  #upstreamFailed(code: DenialCode): void {
    if (this.#over || this.#isCut) return;
    if (this.#writer.started) {
      this.#logFailure(code);
      this.#destroy();
      return;
    }
    this.#deny(upstreamDenied(code, this.decision));
  }

  #switchProtocols(switched: Switched, sent: OutgoingHead, credential: Credential | null): void {
    const { decision } = this;
    if (this.#over || decision === null) {
      switched.socket.on('error', () => undefined).destroy();
      return;
    }
    this.#websocket = switchProtocols(switched, sent, {
      server: this.#server,
      head: this.#head,
      scene: { decision, target: this.#target() },
      reader: this.#reader,
      echoes: credential === null ? null : createEchoRedactor(credential.forms),
      record: (event) => this.#record(event),
      over: () => this.#destroy(),
    });
    if (this.#websocket === null) this.#upstreamFailed('upstream_invalid');
  }

  #deny(denied: Denied): void {
    if (this.#over) return;
    const target = this.#target();
    const wasForwarding = this.#relay !== null;
    const event = deniedEvent(denied, this.decision, target, wasForwarding, this.#stage?.proposal ?? null);
    this.#server.audit(event).catch(() => this.#server.log(0, { event: 'audit_failed' }));
    this.#server.log(1, { event: 'denied', code: denied.code, target, rule: event.rule });
    const responded = this.#writer.started;
    this.#close();
    if (responded) this.#reader.destroy();
    else {
      const canAsk = this.#server.config.supervise;
      this.#reader.finish(exchangeDenial(this.#head, denied, { target, rule: event.rule, canAsk }));
    }
    this.#onFinished(false);
  }

  #logFailure(code: DenialCode): void {
    this.#server.log(1, { event: 'cut', code, target: this.#target(), rule: this.decision?.rule ?? null });
  }

  #destroy(): void {
    if (this.#over) return;
    this.#close();
    this.#reader.destroy();
    this.#onFinished(false);
  }

  #close(): void {
    this.#over = true;
    this.#writer.tap?.end();
    this.#server.exchanges.delete(this);
    this.#gone.abort();
    this.#abortUpstream?.();
    this.#websocket?.destroy();
    this.#body?.release();
    this.#stage?.leave();
  }

  #target(): string {
    this.#described ??= describeDecided(this.#server.policy, this.#head, this.#via, this.decision);
    return this.#described;
  }

  /** A row that searches for every known value has just done so; all others are searched before they are recorded. */
  #allowedTarget(decision: AllowDecision): string {
    const { policy } = this.#server;
    if (this.#warnings.length > 0 || approvedFor(this.#server, decision) !== null) return this.#target();
    const scanners = policy.scansKnownValues(decision.route) ? noScanners : [policy.leaks()];
    this.#described ??= describeRequest(this.#head, this.#via, scanners);
    return this.#described;
  }

  async #record(event: AuditEvent): Promise<void> {
    try {
      await this.#server.audit(event);
    } catch {
      throw new Denied('audit_unavailable', { text: denials.audit_unavailable.message });
    }
  }
}
