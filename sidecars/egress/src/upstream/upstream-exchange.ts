import type { Duplex, Readable } from 'node:stream';
import type { HeaderField, ResponseHead } from '@bot-bottle/egress';
import type { UpstreamError } from './upstream-error.ts';

/** One request as it is to be sent. */
export interface UpstreamRequest {
  readonly method: string;
  /** request-target: path and query, or an absolute URI for a proxy */
  readonly target: string;
  /** all fields but those that frame the body and Connection */
  readonly headers: readonly HeaderField[];
  readonly body: Buffer | Readable | null;
  /** Content-Length; null: none is sent, and a body goes out in chunks */
  readonly length: number | null;
  /** the connection carries nothing after it */
  readonly closes: boolean;
  /** the protocol that it asks to switch to */
  readonly upgrade: string | null;
}

/** Takes what happens to a request that was dispatched: `end`, `failed` or `upgraded` comes last, and once. */
export interface AnswerHandler {
  /** the connection is there; false: the request is not wanted any more. `abort` ends it without another call. */
  connected(abort: () => void): boolean;
  /** the head of the final answer, also as bytes; `resume` goes on after `data` gave false */
  head(head: ResponseHead, raw: Buffer, resume: () => void): void;
  /** bytes of the body; false: no more is wanted now, though what was read already still comes */
  data(chunk: Buffer): boolean;
  end(): void;
  failed(error: UpstreamError): void;
  /** the protocol was switched as asked; bytes that came behind the head are in the socket */
  upgraded(head: ResponseHead, raw: Buffer, socket: Duplex): void;
}
