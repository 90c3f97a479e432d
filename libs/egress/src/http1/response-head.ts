import type { Framing, HeaderField } from './request-head.ts';

/** How the body of an answer ends; `close`: with its connection (RFC 9112 6.3). */
export type ResponseFraming = Framing | { readonly kind: 'close' };

/** The head of an answer that passed every strict check. */
export interface ResponseHead {
  readonly version: '1.0' | '1.1';
  /** 100 to 999 */
  readonly status: number;
  /** as sent, one character per byte; may be empty */
  readonly reason: string;
  /** in the order sent */
  readonly headers: readonly HeaderField[];
  readonly framing: ResponseFraming;
  /** whether the connection may carry another request after this answer */
  readonly keepAlive: boolean;
  /** seconds after which the server says that it closes an idle connection, null when it says nothing */
  readonly idleSeconds: number | null;
}

export type ResponseHeadResult =
  | { readonly ok: true; readonly head: ResponseHead }
  /** the reason holds nothing of the answer */
  | { readonly ok: false; readonly reason: string };
