import type { Finding, InboundScanner, InboundStream } from '@bot-bottle/dlp';

/** Looks at an answer as it goes to the agent. Nothing is held back for it, and nothing waits for it. */
export class ResponseTap {
  readonly #scanner: InboundScanner;
  readonly #found: (findings: readonly Finding[]) => void;
  #stream: InboundStream | null = null;

  constructor(scanner: InboundScanner, found: (findings: readonly Finding[]) => void) {
    this.#scanner = scanner;
    this.#found = found;
  }

  /** `head` as it is sent: its fields say what the body is. */
  begin(head: string): void {
    this.#stream = this.#scanner.stream({
      contentType: fieldOf(head, 'content-type'),
      contentEncoding: fieldOf(head, 'content-encoding'),
    });
  }

  data(chunk: Buffer): void {
    void this.#stream?.push(chunk).then((findings) => {
      if (findings.length > 0) this.#found(findings);
    });
  }

  /** The answer is over or broken off; what is being decoded still is looked at. */
  end(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}

/** Values of all fields of this name, null when there is none. */
function fieldOf(head: string, name: string): string | null {
  const values = [...head.matchAll(new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*)`, 'gi'))].map(
    ([, value]) => value ?? '',
  );
  return values.length === 0 ? null : values.join(', ');
}
