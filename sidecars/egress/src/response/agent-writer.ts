import type { AgentReader } from '../agent/agent-reader.ts';
import { GatheredWrites } from '../gathered-writes.ts';
import type { ResponseTap } from './response-tap.ts';

/** Small bodies travel in one write with their head: one record, one system call. */
const JOINED_BYTES = 32 * 1024;

/** Bytes that may wait for the agent before the upstream is held: enough to keep both sides busy. */
const BUFFERED_BYTES = 256 * 1024;

/**
 * Writes one answer to the agent: a head, then body bytes in the framing that the head announced. The head waits for
 * the first body bytes of the same turn.
 */
export class AgentWriter {
  /** looks at what is written */
  tap: ResponseTap | null = null;
  readonly #reader: AgentReader;
  readonly #onDrain: () => void;
  #head: string | null = null;
  #chunked = false;
  #draining = false;
  #started = false;
  readonly #gathered: GatheredWrites;

  constructor(reader: AgentReader, onDrain: () => void) {
    this.#reader = reader;
    this.#onDrain = onDrain;
    this.#gathered = new GatheredWrites(reader.socket);
  }

  /** whether any byte of the answer may have gone */
  get started(): boolean {
    return this.#started && this.#head === null;
  }

  begin(head: string, chunked: boolean): void {
    this.tap?.begin(head);
    this.#head = head;
    this.#chunked = chunked;
    this.#started = true;
    process.nextTick(() => this.#flushHead());
  }

  /** false: the agent reads slower than this comes; `onDrain` follows. */
  data(chunk: Buffer): boolean {
    if (chunk.length === 0) return !this.#draining;
    this.tap?.data(chunk);
    const prefix = this.#chunked ? `${this.#takeHead()}${chunk.length.toString(16)}\r\n` : this.#takeHead();
    this.#gathered.before(chunk.length);
    const more = this.#write(prefix, chunk, this.#chunked ? '\r\n' : '');
    this.#gathered.after();
    return this.#afterWrite(more);
  }

  end(): void {
    this.tap?.end();
    const rest = `${this.#takeHead()}${this.#chunked ? '0\r\n\r\n' : ''}`;
    if (rest !== '') this.#reader.socket.write(rest, 'latin1');
    this.#gathered.release();
    this.#stopWaiting();
  }

  #takeHead(): string {
    const head = this.#head ?? '';
    this.#head = null;
    return head;
  }

  #flushHead(): void {
    const head = this.#takeHead();
    if (head !== '' && !this.#reader.over) this.#reader.socket.write(head, 'latin1');
  }

  #write(prefix: string, chunk: Buffer, suffix: string): boolean {
    const { socket } = this.#reader;
    if (prefix === '' && suffix === '') return socket.write(chunk);
    if (chunk.length <= JOINED_BYTES) {
      const joined = Buffer.allocUnsafe(prefix.length + chunk.length + suffix.length);
      joined.write(prefix, 0, 'latin1');
      chunk.copy(joined, prefix.length);
      joined.write(suffix, prefix.length + chunk.length, 'latin1');
      return socket.write(joined);
    }
    socket.cork();
    if (prefix !== '') socket.write(prefix, 'latin1');
    const more = socket.write(chunk);
    if (suffix !== '') socket.write(suffix, 'latin1');
    socket.uncork();
    return more;
  }

  #afterWrite(more: boolean): boolean {
    if (this.#draining) return false;
    if (more || this.#reader.socket.writableLength < BUFFERED_BYTES) return true;
    this.#draining = true;
    this.#reader.waitForDrain(true);
    this.#reader.socket.once('drain', this.#drained);
    return false;
  }

  readonly #drained = () => {
    this.#draining = false;
    this.#reader.waitForDrain(false);
    this.#onDrain();
  };

  #stopWaiting(): void {
    if (!this.#draining) return;
    this.#draining = false;
    this.#reader.socket.off('drain', this.#drained);
    this.#reader.waitForDrain(false);
  }
}
