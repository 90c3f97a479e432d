import { OwnerError } from './errors.ts';

/** What a frame carries; one connection carries one operation. */
export const frameTypes = { control: 0, stdin: 1, stdout: 2, stderr: 3 } as const;
export type FrameKind = keyof typeof frameTypes;

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Buffer;
}

/** Longest control message, in bytes. */
export const MAX_CONTROL_BYTES = 4 * 1024 * 1024;
/** Longest piece of stdin, stdout or stderr, in bytes; longer ones are split by the sender. */
export const MAX_DATA_BYTES = 64 * 1024;

const headerBytes = 5;
const kinds = new Map<number, FrameKind>(
  Object.entries(frameTypes).map(([kind, code]): [number, FrameKind] => [code, frameKind(kind)]),
);

function frameKind(name: string): FrameKind {
  if (name === 'control' || name === 'stdin' || name === 'stdout' || name === 'stderr') return name;
  throw new TypeError(`unknown frame kind ${name}`);
}

/** One frame: u32 big-endian length of the payload, u8 kind, payload. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  const limit = kind === 'control' ? MAX_CONTROL_BYTES : MAX_DATA_BYTES;
  if (payload.length > limit) throw new OwnerError('protocol', `a ${kind} frame is too long`);
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame[4] = frameTypes[kind];
  frame.set(payload, headerBytes);
  return frame;
}

/** Cuts a byte stream into frames; holds at most one incomplete frame. */
export class FrameDecoder {
  #pending: Buffer[] = [];
  #size = 0;
  #needed = headerBytes;

  /** @throws OwnerError `protocol` on an unknown kind or a frame over its limit; the stream is unusable then */
  push(chunk: Uint8Array): Frame[] {
    this.#pending.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];
    let buffer =
      this.#pending.length === 1 ? (this.#pending[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pending);
    const frames: Frame[] = [];
    this.#needed = headerBytes;
    while (buffer.length >= headerBytes) {
      const kind = kinds.get(buffer[4] ?? -1);
      if (kind === undefined) throw new OwnerError('protocol', 'a frame of an unknown kind arrived');
      const length = buffer.readUInt32BE(0);
      if (length > (kind === 'control' ? MAX_CONTROL_BYTES : MAX_DATA_BYTES)) {
        throw new OwnerError('protocol', `a ${kind} frame that is too long arrived`);
      }
      this.#needed = headerBytes + length;
      if (buffer.length < this.#needed) break;
      frames.push({ kind, payload: buffer.subarray(headerBytes, this.#needed) });
      buffer = buffer.subarray(this.#needed);
      this.#needed = headerBytes;
    }
    this.#pending = buffer.length === 0 ? [] : [buffer];
    this.#size = buffer.length;
    return frames;
  }
}
