import { isUtf8 } from 'node:buffer';
import { refusal } from './frame-header.ts';
import type { FrameRefusal } from './frame-header.ts';

/** What a close frame says; no code: the frame was empty. */
export interface CloseFrame {
  readonly code: number | null;
  readonly reason: string;
}

/** Longest reason in bytes: a control frame holds 125, two of them are the code. */
const MAX_REASON = 123;

/** Reads the payload of a close frame (RFC 6455 5.5.1 and 7.4). */
export function parseClose(payload: Buffer): CloseFrame | { readonly refused: FrameRefusal } {
  if (payload.length === 0) return { code: null, reason: '' };
  if (payload.length === 1) return { refused: refusal('a close frame holds half a code') };
  const code = payload.readUInt16BE(0);
  if (!mayBeSent(code)) return { refused: refusal('a close code that may not be sent') };
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) return { refused: { code: 1007, reason: 'the reason of a close frame is not UTF-8' } };
  return { code, reason: reason.toString('utf8') };
}

/** The payload of a close frame; a reason that is too long is cut between two characters. */
export function encodeClose({ code, reason }: CloseFrame): Buffer {
  if (code === null) return Buffer.alloc(0);
  let text = Buffer.from(reason, 'utf8');
  if (text.length > MAX_REASON) {
    let cut = MAX_REASON;
    while (((text[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
    text = text.subarray(0, cut);
  }
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}

/** RFC 6455 7.4.1 and the registry of IANA: 1004 is reserved, 1005, 1006 and 1015 are never sent. */
function mayBeSent(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}
