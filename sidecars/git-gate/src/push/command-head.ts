/** More commands than the hook would take. */
const MAX_HEAD_BYTES = 4 * 1024 * 1024;
const CERTIFICATE = Buffer.from('push-cert');

const shallowLine = /^shallow ([0-9a-f]{40}|[0-9a-f]{64})\n?$/;
const hasControl = (line: Buffer): boolean => line.some((byte) => byte < 0x20 || byte === 0x7f);

/**
 * Watches the commands at the head of a push go by, pkt-line by pkt-line, up to the first that is none
 * (gitprotocol-pack(5)). git stores a push certificate in the repository itself, outside of the quarantine, even where
 * it never offered to take one; and it gives its hooks a command with a line break in it as two. Such a push has to be
 * cut before git has seen it to its end.
 */
export class CommandHead {
  /** commits that the client says it does not have the parents of */
  readonly shallow: string[] = [];
  #held: Buffer = Buffer.alloc(0);
  #seen = 0;
  #isOver = false;

  /** Whether the head is acceptable so far. */
  take(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    this.#seen += chunk.length;
    const bytes = Buffer.concat([this.#held, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = /^[0-9a-f]{4}$/i.test(bytes.toString('latin1', at, at + 4))
        ? Number.parseInt(bytes.toString('latin1', at, at + 4), 16)
        : 0;
      if (length < 4) {
        this.#isOver = true;
        this.#held = Buffer.alloc(0);
        return true;
      }
      const line = bytes.subarray(at + 4, Math.min(at + length, bytes.length));
      if (line.subarray(0, CERTIFICATE.length).equals(CERTIFICATE)) return false;
      if (bytes.length - at < length) break;
      if (!this.#takeLine(line)) return false;
      at += length;
    }
    this.#held = Buffer.from(bytes.subarray(at));
    return this.#seen <= MAX_HEAD_BYTES;
  }

  /** The capabilities after the first NUL are git's own business. */
  #takeLine(line: Buffer): boolean {
    const end = line.indexOf(0);
    const command = end < 0 ? line : line.subarray(0, end);
    const oid = shallowLine.exec(command.toString('latin1'))?.[1];
    if (oid !== undefined) this.shallow.push(oid);
    return !hasControl(command.at(-1) === 0x0a ? command.subarray(0, -1) : command);
  }
}
