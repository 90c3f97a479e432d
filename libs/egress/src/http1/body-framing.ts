import { refuse } from './request-head.ts';
import type { Framing, HeadRefusal } from './request-head.ts';

/**
 * How long the body is (RFC 9112 6.3), without any of the leniency that request smuggling lives on: one
 * Content-Length of digits, or exactly `Transfer-Encoding: chunked` in HTTP/1.1, never both.
 */
export function bodyFraming(
  lengths: readonly string[],
  encodings: readonly string[],
  version: '1.0' | '1.1',
): Framing | HeadRefusal {
  if (encodings.length > 0) {
    if (lengths.length > 0) return refuse('both Content-Length and Transfer-Encoding');
    if (version === '1.0') return refuse('Transfer-Encoding in HTTP/1.0');
    const [encoding = ''] = encodings;
    if (encodings.length > 1 || encoding.toLowerCase() !== 'chunked') {
      return refuse('Transfer-Encoding other than exactly chunked');
    }
    return { kind: 'chunked' };
  }
  const [length] = lengths;
  if (length === undefined) return { kind: 'none' };
  if (lengths.length > 1) return refuse('more than one Content-Length');
  if (!/^\d{1,15}$/.test(length)) return refuse('Content-Length is not a plain number');
  return { kind: 'length', length: Number(length) };
}
