import type { HeaderField } from './request-head.ts';

/** RFC 9110 5.6.2 */
export const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// RFC 9110 5.5: visible characters, blanks and obs-text. CR, LF, NUL, DEL and every other control are refused.
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;

const maxFields = 256;

/**
 * Parses header lines. Null where RFC 9112 5 is not followed to the letter: bare CR or LF, obs-fold, a blank before
 * the colon, an empty name, controls in a value, or more than 256 fields.
 */
export function parseHeaderFields(lines: readonly string[]): HeaderField[] | null {
  if (lines.length > maxFields) return null;
  const fields: HeaderField[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return null;
    const name = line.slice(0, colon);
    if (!tokenPattern.test(name)) return null;
    const value = trimBlanks(line.slice(colon + 1));
    if (!valuePattern.test(value)) return null;
    fields.push([name, value]);
  }
  return fields;
}

function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Splits a comma-separated list of tokens into lower case. Null when an element is not a token; empty ones are skipped. */
export function parseTokenList(value: string): string[] | null {
  const tokens: string[] = [];
  if (value === '') return tokens;
  for (const part of value.split(',')) {
    const token = trimBlanks(part);
    if (token === '') continue;
    if (!tokenPattern.test(token)) return null;
    tokens.push(token.toLowerCase());
  }
  return tokens;
}
