import type { Finding, InboundScanner, InboundStream } from '@bot-bottle/dlp';

/** Looks at the texts that a server sends, each message on its own, as they pass. */
export class MessageTap {
  readonly #scanner: InboundScanner;
  readonly #found: (findings: readonly Finding[]) => void;
  /** what was told of this WebSocket already: a server could send it with every message */
  readonly #told = new Set<string>();
  #stream: InboundStream | null = null;

  constructor(scanner: InboundScanner, found: (findings: readonly Finding[]) => void) {
    this.#scanner = scanner;
    this.#found = found;
  }

  data(piece: Buffer, isLast: boolean): void {
    if (this.#stream === null && isLast) {
      this.#tell(this.#scanner.scanBytes(piece, 'websocket'));
      return;
    }
    this.#stream ??= this.#scanner.stream({ contentType: 'text/plain', contentEncoding: null });
    void this.#stream?.push(piece).then((findings) => this.#tell(findings));
    if (isLast) this.end();
  }

  end(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #tell(findings: readonly Finding[]): void {
    const fresh = findings.filter(({ rule }) => !this.#told.has(rule));
    for (const { rule } of fresh) this.#told.add(rule);
    if (fresh.length > 0) this.#found(fresh.map((finding) => ({ ...finding, surface: 'websocket' })));
  }
}
