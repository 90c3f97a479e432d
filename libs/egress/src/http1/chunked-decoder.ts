/** One step: body bytes in order, whether the body ended, and how many bytes of the input belong to it. */
export type ChunkedStep =
  | { readonly ok: true; readonly data: readonly Buffer[]; readonly done: boolean; readonly consumed: number }
  | { readonly ok: false; readonly code: 'malformed_request'; readonly reason: string };

export interface ChunkedDecoder {
  /** After `done` or a refusal the decoder is spent: every further call is refused. */
  push(input: Buffer): ChunkedStep;
}

// A size line is `size[;ext]`. Extensions are dropped, never passed on; blanks around them (RFC 9112 "bad whitespace")
// are refused because parsers disagree on them.
const sizeLine =
  /^([0-9A-Fa-f]{1,12})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*$/;
const trailerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

const maxLineBytes = 4096;
const maxExtensionBytes = 64 * 1024;
const maxTrailerBytes = 16 * 1024;

/** Decodes a chunked body (RFC 9112 7.1) strictly and with bounded memory; extensions and trailers are dropped. */
export function createChunkedDecoder(): ChunkedDecoder {
  let state: 'size' | 'data' | 'data-end' | 'trailer' | 'spent' = 'size';
  let remaining = 0;
  let line = '';
  let extensionBytes = 0;
  let trailerBytes = 0;

  function fail(reason: string): ChunkedStep {
    state = 'spent';
    return { ok: false, code: 'malformed_request', reason };
  }

  /** Takes a CRLF-terminated line from `input`; null when it is not complete, undefined when it is malformed. */
  function takeLine(input: Buffer, from: number): { text: string | null | undefined; next: number } {
    const lf = input.indexOf(0x0a, from);
    const next = lf < 0 ? input.length : lf + 1;
    if (next - from + line.length > maxLineBytes) return { text: undefined, next };
    line += input.toString('latin1', from, next);
    if (lf < 0) return { text: null, next };
    const whole = line;
    line = '';
    const text = whole.endsWith('\r\n') ? whole.slice(0, -2) : undefined;
    return { text, next };
  }

  function push(input: Buffer): ChunkedStep {
    if (state === 'spent') return fail('data after the end of the body');
    const data: Buffer[] = [];
    let at = 0;
    while (at < input.length) {
      if (state === 'data') {
        const part = input.subarray(at, at + remaining);
        data.push(part);
        at += part.length;
        remaining -= part.length;
        if (remaining === 0) state = 'data-end';
        continue;
      }
      const { text, next } = takeLine(input, at);
      at = next;
      if (text === undefined) return fail('malformed line in a chunked body');
      if (text === null) break;
      if (state === 'data-end') {
        if (text !== '') return fail('chunk is longer than its size');
        state = 'size';
      } else if (state === 'size') {
        const match = sizeLine.exec(text);
        if (match?.[1] === undefined) return fail('malformed chunk size');
        extensionBytes += text.length - match[1].length;
        if (extensionBytes > maxExtensionBytes) return fail('too many chunk extensions');
        remaining = Number.parseInt(match[1], 16);
        state = remaining === 0 ? 'trailer' : 'data';
      } else if (text === '') {
        state = 'spent';
        return { ok: true, data, done: true, consumed: at };
      } else {
        trailerBytes += text.length;
        if (trailerBytes > maxTrailerBytes || !trailerLine.test(text)) return fail('malformed trailer');
      }
    }
    return { ok: true, data, done: false, consumed: at };
  }

  return { push };
}
