/** One answer as it arrived. */
export interface ParsedResponse {
  readonly status: number;
  readonly reason: string;
  /** names in lower case, in the order of arrival */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** how the end of the body is known; `close`: by the end of the connection */
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
}

export interface ResponseEvents {
  /** whether the answer that comes now has no body whatever its header says: that to a HEAD request */
  readonly isBodiless?: () => boolean;
  /** whether chunk extensions and trailers are read over, which an upstream may send and the proxy must not; default no */
  readonly takesExtensions?: boolean;
  readonly head?: (response: ParsedResponse) => void;
  readonly body?: (chunk: Buffer) => void;
  readonly end?: (response: ParsedResponse) => void;
}

/** What came is no HTTP/1.1 answer as RFC 9112 has it. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
}

const MAX_HEAD_BYTES = 128 * 1024;
const MAX_SIZE_LINE_BYTES = 32;
const MAX_EXTENDED_LINE_BYTES = 16 * 1024;
const statusLine = /^HTTP\/1\.1 ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/;
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;
const nothing = Buffer.alloc(0);

/**
 * Reads answers one after the other and refuses whatever a strict client would not read alike: it is the judge of what
 * a proxy says, and shares no code with it.
 */
export class ResponseParser {
  readonly #events: ResponseEvents;
  #state: 'head' | 'length' | 'size' | 'data' | 'data-end' | 'trailer' | 'close' = 'head';
  #held: Buffer = nothing;
  #left = 0;
  #current: ParsedResponse | null = null;

  constructor(events: ResponseEvents = {}) {
    this.#events = events;
  }

  /** Whether no answer is half read. */
  get isBetween(): boolean {
    return this.#state === 'head' && this.#held.length === 0;
  }

  /** bytes of the current body that its header promised and that did not come, 0 where nothing was promised */
  get missing(): number {
    return this.#state === 'length' ? this.#left : 0;
  }

  /** @throws MalformedResponse */
  push(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = nothing;
    while (rest.length > 0) {
      const next = this.#step(rest);
      if (next === null) {
        this.#held = rest;
        return;
      }
      rest = next;
    }
  }

  /** The connection ended; false: in the middle of an answer. */
  finish(): boolean {
    if (this.#state === 'close') this.#ended();
    return this.isBetween;
  }

  /** What is left after one step; null: more bytes are needed. */
  #step(bytes: Buffer): Buffer | null {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes);
      case 'close':
        this.#events.body?.(bytes);
        return nothing;
      case 'length':
      case 'data': {
        const part = bytes.subarray(0, this.#left);
        this.#left -= part.length;
        this.#events.body?.(part);
        if (this.#left === 0) {
          if (this.#state === 'data') this.#state = 'data-end';
          else this.#ended();
        }
        return bytes.subarray(part.length);
      }
      case 'size':
      case 'data-end':
      case 'trailer':
        return this.#chunkLine(bytes);
    }
  }

  #head(bytes: Buffer): Buffer | null {
    const end = bytes.indexOf('\r\n\r\n', 0, 'latin1');
    if (end < 0) {
      const start = bytes.toString('latin1', 0, 9);
      if (!'HTTP/1.1 '.startsWith(start)) throw malformed('does not begin with a status line', bytes);
      if (bytes.length > MAX_HEAD_BYTES) throw malformed('the head does not end', bytes);
      return null;
    }
    const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
    const status = statusLine.exec(first);
    if (status === null) throw malformed('the status line is malformed', bytes);
    const headers = lines.map((line): readonly [string, string] => {
      const field = fieldLine.exec(line);
      if (field?.[1] === undefined) throw malformed('a header line is malformed', bytes);
      return [field[1].toLowerCase(), field[2] ?? ''];
    });
    const rest = bytes.subarray(end + 4);
    this.#begin(Number(status[1]), status[2] ?? '', headers, bytes);
    return rest;
  }

  #begin(
    status: number,
    reason: string,
    headers: ReadonlyArray<readonly [string, string]>,
    bytes: Buffer,
  ): void {
    const values = (name: string): string[] =>
      headers.filter(([each]) => each === name).map(([, value]) => value);
    const lengths = values('content-length');
    const codings = values('transfer-encoding');
    if (lengths.length > 1 || codings.length > 1 || lengths.length + codings.length > 1)
      throw malformed('the length of the body is told more than once', bytes);
    const [length] = lengths;
    const [coding] = codings;
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw malformed('odd Content-Length', bytes);
    if (coding !== undefined && coding.toLowerCase() !== 'chunked')
      throw malformed('Transfer-Encoding other than chunked', bytes);
    const isInformational = status < 200;
    if ((isInformational || status === 204) && lengths.length + codings.length > 0)
      throw malformed('a body where there is none', bytes);
    const bodiless =
      isInformational || status === 204 || status === 304 || this.#events.isBodiless?.() === true;
    const framing = bodiless
      ? 'none'
      : length !== undefined
        ? 'length'
        : coding !== undefined
          ? 'chunked'
          : 'close';
    this.#current = { status, reason, headers, framing };
    this.#events.head?.(this.#current);
    this.#left = Number(length ?? 0);
    if (framing === 'none' || (framing === 'length' && this.#left === 0)) this.#ended();
    else this.#state = framing === 'chunked' ? 'size' : framing;
  }

  #chunkLine(bytes: Buffer): Buffer | null {
    const takesExtensions = this.#events.takesExtensions === true;
    const end = bytes.indexOf('\r\n', 0, 'latin1');
    if (end < 0) {
      if (bytes.length > (takesExtensions ? MAX_EXTENDED_LINE_BYTES : MAX_SIZE_LINE_BYTES))
        throw malformed('a line of a chunked body does not end', bytes);
      return null;
    }
    const line = bytes.toString('latin1', 0, end);
    const rest = bytes.subarray(end + 2);
    if (this.#state === 'data-end') {
      if (line !== '') throw malformed('a chunk is longer than its size', bytes);
      this.#state = 'size';
    } else if (this.#state === 'trailer') {
      if (line === '') this.#ended();
      else if (!takesExtensions || !fieldLine.test(line)) throw malformed('a trailer', bytes);
    } else {
      const size = takesExtensions ? line.replace(/;[\t\x20-\x7e\x80-\xff]*$/, '') : line;
      if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw malformed('a chunk size is malformed', bytes);
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    }
    return rest;
  }

  #ended(): void {
    const response = this.#current;
    this.#current = null;
    this.#state = 'head';
    if (response !== null) this.#events.end?.(response);
  }
}

function malformed(what: string, bytes: Buffer): MalformedResponse {
  return new MalformedResponse(`${what}: ${JSON.stringify(bytes.toString('latin1', 0, 300))}`);
}

/** Value of a header, null when it is not there. */
export function headerOf(response: ParsedResponse, name: string): string | null {
  return response.headers.find(([each]) => each === name)?.[1] ?? null;
}
