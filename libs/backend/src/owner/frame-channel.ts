import type { Socket } from 'node:net';
import type { z } from 'zod';
import { OwnerError } from './errors.ts';
import { encodeFrame, FrameDecoder, MAX_DATA_BYTES, type Frame, type FrameKind } from './frames.ts';

export interface FrameChannelHandlers {
  onFrame(frame: Frame): void;
  /** Called once; null: the other end closed in order. */
  onClose(error: Error | null): void;
}

/** Frames over one socket, both ways. */
export class FrameChannel {
  readonly #socket: Socket;
  readonly #handlers: FrameChannelHandlers;
  #closed = false;
  #failure: Error | null = null;

  constructor(socket: Socket, handlers: FrameChannelHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    const decoder = new FrameDecoder();
    socket.on('error', (error) => (this.#failure ??= error));
    socket.on('close', () => this.#close());
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of decoder.push(chunk)) if (!this.#closed) handlers.onFrame(frame);
      } catch (error) {
        this.fail(error instanceof Error ? error : new Error('unknown failure'));
      }
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** bytes that the other end has not taken yet */
  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  send(message: unknown): void {
    this.#write(encodeFrame('control', Buffer.from(JSON.stringify(message))));
  }

  /** @returns false when the other end is slow: wait for `drained` before sending more */
  data(kind: Exclude<FrameKind, 'control'>, bytes: Uint8Array): boolean {
    let room = true;
    for (let at = 0; at < bytes.length; at += MAX_DATA_BYTES) {
      room = this.#write(encodeFrame(kind, bytes.subarray(at, at + MAX_DATA_BYTES)));
    }
    return room;
  }

  /** Resolves when there is room again, and also when the channel closed. */
  async drained(): Promise<void> {
    if (this.#closed || !this.#socket.writableNeedDrain) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once('drain', resolve);
    this.#socket.once('close', resolve);
    await promise;
    this.#socket.off('drain', resolve);
    this.#socket.off('close', resolve);
  }

  /** Stops and starts reading, for back-pressure. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends what is left and closes. */
  end(): void {
    if (!this.#closed) this.#socket.end();
  }

  /** Closes at once; `onClose` gets the error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #write(bytes: Buffer): boolean {
    if (this.#closed || this.#socket.destroyed || this.#socket.writableEnded) return true;
    return this.#socket.write(bytes);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers.onClose(this.#failure);
  }
}

/**
 * Reads a control frame's payload.
 *
 * @throws OwnerError `protocol`; the message repeats nothing of what arrived
 */
export function parseControl<Schema extends z.ZodType>(schema: Schema, payload: Buffer): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    throw new OwnerError('protocol', 'a control message is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new OwnerError('protocol', 'a control message does not follow the protocol', {
    hint: 'the owner may run another version of bot-bottle',
  });
}
