import { ProtocolError } from './error.ts';
import { MAX_LINE_BYTES } from './messages.ts';
import type { FromSidecar, ToSidecar } from './messages.ts';

/**
 * One message as a line. Throws `ProtocolError` (`too_large`, `invalid_message` for what JSON cannot hold); the
 * cause is left out on purpose, because the message may hold secrets.
 */
export function encodeMessage(message: ToSidecar | FromSidecar): string {
  let line: string;
  try {
    line = `${JSON.stringify(message)}\n`;
  } catch {
    throw new ProtocolError('invalid_message', `a ${message.type} message cannot be written as JSON`);
  }
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
    throw new ProtocolError('too_large', `a ${message.type} message is too large`);
  }
  return line;
}
