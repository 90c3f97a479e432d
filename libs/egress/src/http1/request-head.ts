import type { DenialCode } from '@bot-bottle/audit';
import type { HostKind } from '../hosts/normalize-host.ts';

/** How the body of a message is delimited (RFC 9112 6). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' };

/** Raw name (case kept) and value (surrounding blanks removed; one character per byte). */
export type HeaderField = readonly [name: string, value: string];

/** A request head that passed every strict check. */
export interface RequestHead {
  readonly method: string;
  /** request-target exactly as sent */
  readonly target: string;
  readonly form: 'origin' | 'absolute' | 'authority' | 'asterisk';
  readonly version: '1.0' | '1.1';
  /** scheme of an absolute target, else null */
  readonly scheme: 'http' | 'https' | null;
  /** path and query as sent, `/` for an empty one, `*` for asterisk-form, '' for CONNECT */
  readonly path: string;
  /** in the order sent */
  readonly headers: readonly HeaderField[];
  /** normalised host of the target where it names one, else of the Host header */
  readonly host: string;
  readonly hostKind: HostKind;
  /** port written beside `host`, null when none was */
  readonly port: number | null;
  readonly framing: Framing;
  /** lower-case options of the Connection headers */
  readonly connectionTokens: readonly string[];
  /** whether another request may follow on this connection; never with HTTP/1.0 */
  readonly keepAlive: boolean;
  readonly upgrade: 'websocket' | null;
  readonly expectContinue: boolean;
}

export type HeadRefusal = {
  readonly ok: false;
  readonly code: Extract<DenialCode, 'malformed_request' | 'method_refused' | 'upgrade_not_allowed'>;
  /** what is wrong, for the audit log and the message; holds nothing of the request */
  readonly reason: string;
};
export type HeadResult = { readonly ok: true; readonly head: RequestHead } | HeadRefusal;

export function refuse(reason: string, code: HeadRefusal['code'] = 'malformed_request'): HeadRefusal {
  return { ok: false, code, reason };
}
