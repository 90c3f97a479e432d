import type { Duplex } from 'node:stream';
import { denials } from '@bot-bottle/audit';
import type { AuditEvent, DenialCode } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';
import { agentCredentials, decide, injectCredential, outgoingHeaders } from '@bot-bottle/egress';
import type { AllowDecision, HeaderField, RequestHead, Via } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import type { Credential } from '../policy/policy-state.ts';
import { AgentWriter } from '../response/agent-writer.ts';
import { borrowRedactor } from '../response/echo-guard.ts';
import { denialAnswer } from '../response/http-text.ts';
import { ResponseRelay } from '../response/relay-response.ts';
import type { ServerContext } from '../server-context.ts';
import type { Destination } from '../upstream/routing.ts';
import { upstreamDenial } from '../upstream/upstream-error.ts';
import { relayUpgrade } from '../response/relay-upgrade.ts';
import { Denied } from './denied.ts';
import { askFor, describeRequest } from './describe-request.ts';
import { allowedEvent, deniedEvent, statusOverride } from './exchange-events.ts';
import type { LiveExchange } from './exchanges.ts';
import { LazyAbort } from './lazy-abort.ts';
import { answerLocal } from './local-answers.ts';
import { PreparedBody } from './prepared-body.ts';
import { blockMessage, scanHead } from './scan-head.ts';
import type { OutgoingHead } from './scan-head.ts';

/** Methods whose body every server reads. */
const bodyMethods: ReadonlySet<string> = new Set([
  'POST',
  'PUT',
  'PATCH',
  'QUERY',
  'PROPFIND',
  'PROPPATCH',
  'REPORT',
]);

/** One request of the agent, from its parsed head to the last byte of its answer. */
export class Exchange implements LiveExchange {
  decision: AllowDecision | null = null;
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
  #warnings: readonly Finding[] = [];
  #redacted = false;
  #upgraded: Duplex | null = null;
  #described: string | null = null;
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
      this.#answer(error instanceof Denied ? error : new Denied(upstreamDenial(error)));
    }
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
    if (decision.kind !== 'allow') return null;
    if (this.#upgraded !== null && decision.route.dlp.outbound.length > 0) return null;
    return decision;
  }

  cut(): void {
    if (this.#over) return;
    if (this.#writer.started || this.#upgraded !== null || this.decision === null) this.#destroy();
    else
      this.#deny(
        new Denied('host_not_allowed', { text: 'The route was withdrawn while the request was running.' }),
      );
  }

  /** The agent left, or does not read. */
  agentGone(): void {
    if (!this.#over) this.#destroy();
  }

  async #stages(): Promise<void> {
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
      return;
    }
    this.decision = decided;
    this.#checkUpgrade(decided);
    const head = this.#scan(decided);
    this.#checkPins(decided, head);
    const body = new PreparedBody(this.#server, this.#reader, this.#head, decided, this.#gone);
    this.#body = body;
    this.#writeContinue();
    await body.prepare(head, {
      warned: (findings) => this.#warn(findings),
      redacted: () => (this.#redacted = true),
      stopped: (denied) => this.#deny(denied),
    });
    if (this.#over) return;
    const credential = this.#credential(decided);
    const found = this.#server.routing.find(decided);
    const destination = found instanceof Promise ? await found : found;
    const scan = { findings: this.#warnings, redacted: this.#redacted };
    await this.#record(allowedEvent(this.#head, decided, this.#allowedTarget(decided), scan));
    if (!this.#over) this.#dispatch(decided, head, credential, destination, body);
  }

  #checkUpgrade(decision: AllowDecision): void {
    if (this.#head.path === '*') throw new Denied('malformed_request');
    if (this.#head.upgrade === null || decision.route.dlp.outbound.length === 0) return;
    throw new Denied('upgrade_not_allowed', {
      rule: decision.rule,
      text: 'WebSocket messages cannot be scanned yet; a route that scans takes no upgrade.',
    });
  }

  #scan(decision: AllowDecision): OutgoingHead {
    const outgoing: OutgoingHead = {
      host: decision.host,
      path: decision.path,
      headers: outgoingHeaders(this.#head, decision),
    };
    const scanner = this.#server.policy.scanner(decision.route);
    if (scanner === null) return outgoing;
    const onMatch = decision.route.dlp.on_match;
    const result = scanHead(scanner, outgoing, onMatch);
    if (result.kind === 'blocked') {
      const { findings } = result;
      const [first] = findings;
      throw new Denied('dlp_blocked', {
        rule: first?.rule ?? null,
        text: blockMessage(first, onMatch),
        findings,
      });
    }
    if (result.kind === 'warned') this.#warn(result.findings);
    if (result.kind === 'redacted') {
      this.#redacted = true;
      this.#warnings = result.findings;
    }
    return result.head;
  }

  #checkPins(decision: AllowDecision, head: OutgoingHead): void {
    if (!decision.agentAuthorization) return;
    const credentials = agentCredentials(head.headers);
    if (credentials.length > 0 && !this.#server.pins.accept(decision.host, credentials)) {
      throw new Denied('credential_changed', { rule: decision.rule });
    }
  }

  #writeContinue(): void {
    if (this.#head.expectContinue) this.#reader.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  #credential(decision: AllowDecision): Credential | null {
    if (decision.injectAuth === null) return null;
    try {
      const credential = this.#server.policy.credential(decision.injectAuth);
      if (credential !== null) return credential;
    } catch {
      // an unusable secret is as good as none; its text stays out of everything
    }
    throw new Denied('credential_unavailable', { rule: decision.rule });
  }

  #dispatch(
    decision: AllowDecision,
    head: OutgoingHead,
    credential: Credential | null,
    destination: Destination,
    body: PreparedBody,
  ): void {
    const headers =
      credential === null ? head.headers : injectCredential(head.headers, credential.auth, credential.secret);
    const flat: string[] = [];
    for (const [name, value] of headers) flat.push(name, value);
    if (destination.proxyAuthorization !== null)
      flat.push('Proxy-Authorization', destination.proxyAuthorization);
    if (body.length !== null) flat.push('Content-Length', String(body.length));
    const relay = new ResponseRelay(this.#head, credential, this.#writer, {
      dispatched: (abort) => {
        this.#abortUpstream = abort;
        return !this.#over;
      },
      canKeepAlive: () => {
        // the answer begins, so a body that was held has left
        if (this.#body?.consumed === true) this.#body.forget();
        return this.#canKeepAlive();
      },
      done: (status) => this.#done(status),
      failed: (code) => this.#upstreamFailed(code),
      upgraded: (status, fields, socket) => this.#switchProtocols(status, fields, socket, credential),
    });
    this.#relay = relay;
    const { pool, absoluteForm } = destination;
    const authority = head.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? decision.host;
    pool.dispatch(
      {
        method: this.#head.method,
        path: absoluteForm ? `http://${authority}${head.path}` : head.path,
        headers: flat,
        body: body.content,
        blocking: false,
        // a server that reads no body here would take it for the next request of a connection that stays open
        ...(body.content === null || bodyMethods.has(this.#head.method) ? {} : { reset: true }),
        ...(this.#head.upgrade === null ? {} : { upgrade: this.#head.upgrade }),
      },
      relay,
    );
  }

  #canKeepAlive(): boolean {
    return (
      this.#head.keepAlive &&
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
    if (this.#over) return;
    if (this.#writer.started) {
      this.#logFailure(code);
      this.#destroy();
      return;
    }
    this.#deny(new Denied(code, { rule: this.decision?.rule ?? null }));
  }

  #switchProtocols(
    status: number,
    headers: readonly HeaderField[],
    socket: Duplex,
    credential: Credential | null,
  ): void {
    if (this.#over || status !== 101) {
      socket.destroy();
      if (!this.#over) this.#upstreamFailed('upstream_invalid');
      return;
    }
    this.#upgraded = socket;
    const echoes = credential === null ? null : borrowRedactor(credential);
    const { idle_ms: idleMs } = this.#server.config.limits;
    relayUpgrade(this.#reader, headers, socket, idleMs, () => this.#destroy(), echoes);
  }

  #deny(denied: Denied): void {
    if (this.#over) return;
    const target = this.#target();
    const wasForwarding = this.#relay !== null;
    const event = deniedEvent(denied, this.decision, target, wasForwarding);
    this.#server.audit(event).catch(() => this.#server.log(0, { event: 'audit_failed' }));
    this.#server.log(1, { event: 'denied', code: denied.code, target, rule: event.rule });
    const responded = this.#writer.started;
    this.#close();
    if (responded) this.#reader.destroy();
    else {
      const answer = denialAnswer(
        {
          layer: 'egress',
          code: denied.code,
          target,
          rule: event.rule,
          ask: this.#server.config.supervise ? askFor(denied.ask, target) : null,
          ...(denied.text === null ? {} : { message: denied.text }),
        },
        this.#head.method,
        statusOverride(this.#head, denied.code),
      );
      this.#reader.finish(answer);
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
    this.#server.exchanges.delete(this);
    this.#gone.abort();
    this.#abortUpstream?.();
    this.#upgraded?.destroy();
    this.#body?.release();
  }

  #target(): string {
    this.#described ??= describeRequest(this.#head, this.#via, this.#server.policy.leaks());
    return this.#described;
  }

  /** A row that searches for every known value has just done so; all others are searched before they are recorded. */
  #allowedTarget(decision: AllowDecision): string {
    if (this.#warnings.length > 0 || !this.#server.policy.scansKnownValues(decision.route))
      return this.#target();
    this.#described ??= describeRequest(this.#head, this.#via, null);
    return this.#described;
  }

  #warn(findings: readonly Finding[]): void {
    this.#warnings = [...this.#warnings, ...findings].slice(0, 16);
    for (const { rule, surface } of findings.slice(0, 16)) {
      this.#server.log(1, { event: 'finding', rule, surface: String(surface).slice(0, 128), action: 'warn' });
    }
  }

  async #record(event: AuditEvent): Promise<void> {
    try {
      await this.#server.audit(event);
    } catch {
      throw new Denied('audit_unavailable', { text: denials.audit_unavailable.message });
    }
  }
}
