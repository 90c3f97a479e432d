/**
 * The language between owner and init: frames of u32 length, u8 type, u32 process number, payload (big-endian; the
 * length counts what follows it). The owner chooses process numbers. Neither side may send more data than the other
 * has acknowledged plus `WINDOW_BYTES`, per stream.
 */

/** Unacknowledged bytes allowed per stream and direction. */
export const WINDOW_BYTES = 512 * 1024;
/** Largest payload of stream data, both ways. */
export const MAX_CHUNK_BYTES = 64 * 1024;
/** Largest payload of any frame that init may send. */
export const MAX_FROM_INIT_BYTES = 64 * 1024;
/** Largest payload of any frame that the owner sends: arguments and environment of one process. */
export const MAX_TO_INIT_BYTES = 4 * 1024 * 1024;

/** What the owner sends. */
export const toInit = {
  start: 1,
  stdin: 2,
  stdinEnd: 3,
  resize: 4,
  signal: 5,
  ackStdout: 6,
  ackStderr: 7,
  check: 8,
} as const;
/** What init sends. */
export const fromInit = {
  ready: 32,
  started: 33,
  failed: 34,
  stdout: 35,
  stdoutEnd: 36,
  stderr: 37,
  stderrEnd: 38,
  exit: 39,
  ackStdin: 40,
  checked: 41,
} as const;

export interface Frame {
  readonly type: number;
  readonly process: number;
  readonly payload: Buffer;
}

/** Payload of `start`, as JSON. */
export interface StartRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly tty: { readonly cols: number; readonly rows: number } | null;
}

/** Payload of `check`, as JSON: addresses that must not answer. */
export interface CheckRequest {
  readonly addresses: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  /** abstract unix socket names that must not answer */
  readonly abstract: readonly string[];
  readonly names: readonly string[];
  /** loopback ports that may be open */
  readonly ports: readonly number[];
}

const HEAD_BYTES = 9;

export function encodeFrame(type: number, process: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32BE(5 + payload.length, 0);
  frame.writeUInt8(type, 4);
  frame.writeUInt32BE(process, 5);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

/** Cuts a byte stream into frames. `push` throws a RangeError when a frame says it is larger than `maxPayload`. */
export class FrameReader {
  readonly #maxPayload: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= 4) {
      const length = this.#rest.readUInt32BE(at);
      if (length < 5 || length > 5 + this.#maxPayload) throw new RangeError(`frame of ${length} bytes`);
      if (this.#rest.length - at < 4 + length) break;
      frames.push({
        type: this.#rest.readUInt8(at + 4),
        process: this.#rest.readUInt32BE(at + 5),
        payload: this.#rest.subarray(at + HEAD_BYTES, at + 4 + length),
      });
      at += 4 + length;
    }
    this.#rest = this.#rest.subarray(at);
    return frames;
  }
}
