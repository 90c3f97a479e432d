import { type Finding, finding } from './finding.ts';
import { normalizePath } from './normalize-path.ts';

/**
 * What is wrong with a path prefix. It must already have the form in which egress compares and sends paths, but for the
 * case of its escapes.
 */
export function checkPathPrefix(text: string): Finding | null {
  if (!text.startsWith('/')) return finding('the path must be absolute', 'start it with `/`');
  if (/[?#]/.test(text))
    return finding('the path must not have a query or a fragment', 'only the path is matched');
  if (/[*]/.test(text))
    return finding('patterns are not supported in paths', 'a path matches everything below it');
  if (!/^[\u0021-\u007e]*$/.test(text) || /["<>^`{|}]/.test(text)) {
    return finding('the path holds a character that must be percent-encoded');
  }
  const normal = normalizePath(text);
  if (!normal.ok) return finding(`no request may have such a path: ${normal.reason}`);
  return normal.path === normalizePathPrefix(text) ? null : notNormal(text);
}

function notNormal(text: string): Finding {
  if (text.includes('//')) return finding('the path must not have empty segments', 'write one `/`');
  if (/\/\.{1,2}(?:\/|$)/.test(text)) return finding('the path must not have dot segments');
  return finding('the path encodes a character that needs no encoding', 'write the character itself');
}

/** A prefix that passed the check, in the one form of it: escapes are written in capitals (RFC 3986 6.2.2.1). */
export function normalizePathPrefix(text: string): string {
  return text.replace(/%../g, (escape) => escape.toUpperCase());
}
