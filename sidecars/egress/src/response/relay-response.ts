import type { Duplex, Transform } from 'node:stream';
import type { DenialCode } from '@bot-bottle/audit';
import { createEchoRedactor, incomingHeaders } from '@bot-bottle/egress';
import type { EchoRedactor, HeaderField, RequestHead, ResponseHead } from '@bot-bottle/egress';
import type { Credential } from '../policy/policy-state.ts';
import type { UpstreamError } from '../upstream/upstream-error.ts';
import type { AnswerHandler } from '../upstream/upstream-exchange.ts';
import type { Switched } from '../websocket/switch-protocols.ts';
import type { AgentWriter } from './agent-writer.ts';
import { bodyDecoder } from './body-decoder.ts';
import { headText, reasonOf } from './http-text.ts';

/** What the relay tells the exchange that it belongs to. */
export interface RelayEvents {
  /** the upstream connection is there; false: the request is not wanted any more */
  dispatched(abort: () => void): boolean;
  /** whether the agent's connection can carry another request after this answer */
  canKeepAlive(): boolean;
  done(status: number): void;
  failed(code: DenialCode): void;
  upgraded(switched: Switched): void;
}

const codedFields = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
]);

/** Carries one answer to the agent: filtered head, body with back-pressure, credential echoes overwritten. */
export class ResponseRelay implements AnswerHandler {
  readonly #head: RequestHead;
  readonly #credential: Credential | null;
  readonly #writer: AgentWriter;
  readonly #events: RelayEvents;
  #status = 0;
  #resume: (() => void) | null = null;
  #abort: (() => void) | null = null;
  #redactor: EchoRedactor | null = null;
  #decoder: Transform | null = null;
  #over = false;
  #chunked = false;

  constructor(head: RequestHead, credential: Credential | null, writer: AgentWriter, events: RelayEvents) {
    this.#head = head;
    this.#credential = credential;
    this.#writer = writer;
    this.#events = events;
  }

  /** The agent can take more. */
  resume(): void {
    if (this.#decoder !== null) this.#decoder.resume();
    else this.#resume?.();
  }

  connected(abort: () => void): boolean {
    this.#abort = abort;
    return this.#events.dispatched(abort);
  }

  head(head: ResponseHead, raw: Buffer, resume: () => void): void {
    const { status } = head;
    this.#status = status;
    this.#resume = resume;
    const headers = this.#filter(head, raw);
    const bodiless = this.#head.method === 'HEAD' || status === 204 || status === 304;
    if (this.#credential !== null && !bodiless && !this.#decode(headers)) return;
    const keepAlive = this.#events.canKeepAlive();
    this.#writer.begin(this.#headText(head, headers, bodiless, keepAlive), this.#chunked);
  }

  data(chunk: Buffer): boolean {
    if (this.#over) return true;
    if (this.#decoder !== null) return this.#decoder.write(chunk);
    return this.#forward(chunk);
  }

  end(): void {
    if (this.#over) return;
    if (this.#decoder !== null) this.#decoder.end();
    else this.#complete();
  }

  failed(error: UpstreamError): void {
    if (this.#over) return;
    this.#over = true;
    this.#decoder?.destroy();
    this.#events.failed(error.denial);
  }

  upgraded(head: ResponseHead, raw: Buffer, socket: Duplex): void {
    this.#over = true;
    const { status, headers: answered } = head;
    this.#events.upgraded({ status, answered, passing: this.#filter(head, raw), socket });
  }

  #headText(
    { status, reason }: ResponseHead,
    headers: HeaderField[],
    bodiless: boolean,
    keepAlive: boolean,
  ): string {
    const hasLength = headers.some((field) => isNamed(field, 'content-length'));
    const http11 = this.#head.version === '1.1';
    this.#chunked = !bodiless && !hasLength && http11;
    if (this.#chunked) headers.push(['Transfer-Encoding', 'chunked']);
    headers.push(['Connection', keepAlive ? 'keep-alive' : 'close']);
    return headText(status, this.#reason(status, reason), headers);
  }

  #reason(status: number, reason: string): string {
    const clean = cleanReason(reason);
    if (this.#redactor === null || clean === reasonOf(status)) return clean;
    return this.#redactor.redactText(clean);
  }

  #filter({ status, headers }: ResponseHead, raw: Buffer): HeaderField[] {
    const fields = status === 204 ? headers.filter((field) => !isNamed(field, 'content-length')) : headers;
    const credential = this.#credential;
    if (credential === null) return incomingHeaders(fields, { authenticated: false });
    const redactor = createEchoRedactor(credential.forms);
    this.#redactor = redactor;
    // one search over all of the head instead of one for each field
    if (!redactor.finds(raw)) return incomingHeaders(fields, { authenticated: false });
    return incomingHeaders(fields, { authenticated: true, redact: (value) => redactor.redactText(value) });
  }

  /** A coded body would hide an echo, so it is decoded; false: it cannot be, and the answer was refused. */
  #decode(headers: HeaderField[]): boolean {
    const codings = headers.filter((field) => isNamed(field, 'content-encoding'));
    const coding = codings
      .map(([, value]) => value)
      .join(',')
      .trim();
    if (coding === '' || coding.toLowerCase() === 'identity') return true;
    const decoder = bodyDecoder(coding);
    if (decoder === null) {
      this.#refuse();
      return false;
    }
    for (let i = headers.length - 1; i >= 0; i -= 1) {
      if (codedFields.has(headers[i]?.[0].toLowerCase() ?? '')) headers.splice(i, 1);
    }
    this.#decoder = decoder;
    decoder.on('data', (chunk: Buffer) => {
      if (!this.#forward(chunk)) decoder.pause();
    });
    decoder.on('drain', () => this.#resume?.());
    decoder.on('end', () => this.#complete());
    decoder.on('error', () => this.#refuse());
    return true;
  }

  #forward(chunk: Buffer): boolean {
    return this.#writer.data(this.#redactor === null ? chunk : this.#redactor.push(chunk));
  }

  #complete(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#redactor !== null) this.#writer.data(this.#redactor.end());
    this.#writer.end();
    this.#events.done(this.#status);
  }

  #refuse(): void {
    if (this.#over) return;
    this.#over = true;
    this.#decoder?.destroy();
    this.#abort?.();
    this.#events.failed('upstream_invalid');
  }
}

/** Reason phrases are the upstream's text; RFC 9112 4 lets them be empty. */
function cleanReason(reason: string): string {
  return /^[\x20-\x7e]{0,64}$/.test(reason) ? reason : '';
}

/** Most fields have another length, and lower case costs more than the comparison. */
function isNamed([name]: HeaderField, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted;
}
