import { parseRequestHead } from '@bot-bottle/egress';
import type { HeadResult, RequestHead } from '@bot-bottle/egress';

/** Joins lines with CRLF and ends the head. */
export function bytes(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

export function parse(...lines: string[]): HeadResult {
  return parseRequestHead(bytes(...lines));
}

/** A head that must be accepted. */
export function head(...lines: string[]): RequestHead {
  const result = parse(...lines);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  return result.head;
}

/** Code of a head that must be refused, 'accepted' otherwise. */
export function refusal(...lines: string[]): string {
  const result = parse(...lines);
  return result.ok ? 'accepted' : result.code;
}
