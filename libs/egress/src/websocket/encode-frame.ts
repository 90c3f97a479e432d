import { MAX_HEADER, opcodes } from './frame-header.ts';
import type { Opcode } from './frame-header.ts';
import { applyMask } from './mask.ts';

export interface OutgoingFrame {
  readonly opcode: keyof typeof opcodes;
  /** the message ends with it */
  readonly fin: boolean;
  readonly payload: Buffer;
}

/**
 * The bytes of a frame. `mask` are the four bytes that a client must choose anew, unpredictably, for each frame
 * (RFC 6455 5.3); null for a frame of a server. The payload is copied, never changed.
 */
export function encodeFrame({ opcode, fin, payload }: OutgoingFrame, mask: Buffer | null): Buffer {
  const frame = Buffer.allocUnsafe(MAX_HEADER + payload.length);
  let at = writeLength(frame, payload.length);
  frame[0] = (fin ? 0x80 : 0) | (opcodes[opcode] satisfies Opcode);
  if (mask !== null) {
    frame[1] = (frame[1] ?? 0) | 0x80;
    at += mask.copy(frame, at, 0, 4);
  }
  payload.copy(frame, at);
  const end = at + payload.length;
  if (mask !== null) applyMask(frame, { from: at, to: at, length: payload.length }, mask, 0);
  return frame.subarray(0, end);
}

/** Writes the length as short as it can be and gives the offset behind it. */
function writeLength(frame: Buffer, length: number): number {
  if (length < 126) {
    frame[1] = length;
    return 2;
  }
  if (length < 65_536) {
    frame[1] = 126;
    return frame.writeUInt16BE(length, 2);
  }
  frame[1] = 127;
  return frame.writeBigUInt64BE(BigInt(length), 2);
}
