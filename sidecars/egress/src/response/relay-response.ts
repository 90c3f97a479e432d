import type { Duplex, Transform } from 'node:stream';
import type { DenialCode } from '@bot-bottle/audit';
import { incomingHeaders } from '@bot-bottle/egress';
import type { EchoRedactor, HeaderField, RequestHead } from '@bot-bottle/egress';
import type { Dispatcher } from 'undici';
import type { Credential } from '../policy/policy-state.ts';
import { upstreamDenial, UpstreamError } from '../upstream/upstream-error.ts';
import type { Switched } from '../websocket/switch-protocols.ts';
import type { AgentWriter } from './agent-writer.ts';
import { bodyDecoder } from './body-decoder.ts';
import { borrowRedactor, headersMayEcho, returnRedactor } from './echo-guard.ts';
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

const MAX_INFORMATIONAL = 8;
const codedFields = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
]);

/** Carries one answer from undici to the agent: filtered head, body with back-pressure, credential echoes overwritten. */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  readonly #head: RequestHead;
  readonly #credential: Credential | null;
  readonly #writer: AgentWriter;
  readonly #events: RelayEvents;
  #informational = 0;
  #status = 0;
  #resume: (() => void) | null = null;
  #abort: ((error?: Error) => void) | null = null;
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

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (!this.#events.dispatched(() => abort())) abort();
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, reason: string): boolean {
    if (status < 200) {
      this.#informational += 1;
      if (this.#informational > MAX_INFORMATIONAL || status === 101) this.#refuse();
      return true;
    }
    if (hasOtherTransferCoding(raw)) {
      this.#refuse();
      return true;
    }
    this.#status = status;
    this.#resume = resume;
    const headers = this.#filter(raw);
    const bodiless = this.#head.method === 'HEAD' || status === 204 || status === 304;
    if (this.#credential !== null && !bodiless && !this.#decode(headers)) return true;
    const keepAlive = this.#events.canKeepAlive();
    this.#writer.begin(this.#headText(status, reason, headers, bodiless, keepAlive), this.#chunked);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#over) return true;
    if (this.#decoder !== null) return this.#decoder.write(chunk);
    return this.#forward(chunk);
  }

  onComplete(): void {
    if (this.#over) return;
    if (this.#decoder !== null) this.#decoder.end();
    else this.#complete();
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#decoder?.destroy();
    this.#events.failed(upstreamDenial(error));
  }

  onUpgrade(status: number, raw: Buffer[] | string[] | null, socket: Duplex): void {
    this.#over = true;
    const buffers = (raw ?? []).map((part) => Buffer.from(part));
    this.#events.upgraded({ status, answered: fieldsOf(buffers), passing: this.#filter(buffers), socket });
  }

  #headText(
    status: number,
    reason: string,
    headers: HeaderField[],
    bodiless: boolean,
    keepAlive: boolean,
  ): string {
    const hasLength = headers.some(([name]) => name.toLowerCase() === 'content-length');
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

  #filter(raw: readonly Buffer[]): HeaderField[] {
    const all = fieldsOf(raw);
    const fields =
      this.#status === 204 ? all.filter(([name]) => name.toLowerCase() !== 'content-length') : all;
    const credential = this.#credential;
    if (credential === null) return incomingHeaders(fields, { authenticated: false });
    const redactor = borrowRedactor(credential);
    this.#redactor = redactor;
    if (!headersMayEcho(raw, credential)) return incomingHeaders(fields, { authenticated: false });
    return incomingHeaders(fields, { authenticated: true, redact: (value) => redactor.redactText(value) });
  }

  /** A coded body would hide an echo, so it is decoded; false: it cannot be, and the answer was refused. */
  #decode(headers: HeaderField[]): boolean {
    const codings = headers
      .filter(([name]) => name.toLowerCase() === 'content-encoding')
      .map(([, value]) => value);
    const coding = codings.join(',').trim();
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
    if (this.#redactor !== null && this.#credential !== null) {
      this.#writer.data(this.#redactor.end());
      returnRedactor(this.#credential, this.#redactor);
    }
    this.#writer.end();
    this.#events.done(this.#status);
  }

  #refuse(): void {
    if (this.#over) return;
    this.#over = true;
    this.#decoder?.destroy();
    this.#abort?.(new UpstreamError('upstream_invalid'));
    this.#events.failed('upstream_invalid');
  }
}

function fieldsOf(raw: readonly Buffer[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2)
    fields.push([raw[i]?.toString('latin1') ?? '', raw[i + 1]?.toString('latin1') ?? '']);
  return fields;
}

/** Whether a body would come in a coding that is told only by a field that is not passed on (RFC 9112 6.1). */
function hasOtherTransferCoding(raw: readonly Buffer[]): boolean {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i];
    if (name?.length !== 'transfer-encoding'.length) continue;
    if (name.toString('latin1').toLowerCase() !== 'transfer-encoding') continue;
    if (raw[i + 1]?.toString('latin1').trim().toLowerCase() !== 'chunked') return true;
  }
  return false;
}

/** Reason phrases are the upstream's text; RFC 9112 4 lets them be empty. */
function cleanReason(reason: string): string {
  return /^[\x20-\x7e]{0,64}$/.test(reason) ? reason : '';
}
