import { type Finding, finding } from './finding.ts';

/** What is wrong with a path prefix. It must already have the form in which egress compares and sends paths. */
export function checkPathPrefix(text: string): Finding | null {
  if (!text.startsWith('/')) return finding('the path must be absolute', 'start it with `/`');
  if (/[?#]/.test(text))
    return finding('the path must not have a query or a fragment', 'only the path is matched');
  if (/[*]/.test(text))
    return finding('patterns are not supported in paths', 'a path matches everything below it');
  if (!/^[\u0021-\u007e]*$/.test(text) || /[\\"<>^`{|}]/.test(text)) {
    return finding('the path holds a character that must be percent-encoded');
  }
  for (const [encoded] of text.matchAll(/%.{0,2}/g)) {
    if (!/^%[0-9A-Fa-f]{2}$/.test(encoded)) return finding('`%` must be followed by two hex digits');
    const decoded = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    if (/[/\\%\0]/.test(decoded)) {
      return finding('the path must not hold an encoded slash, backslash, percent sign or NUL');
    }
    if (/[A-Za-z0-9._~-]/.test(decoded)) {
      return finding('the path encodes a character that needs no encoding', 'write the character itself');
    }
  }
  if (text.includes('//')) return finding('the path must not have empty segments', 'write one `/`');
  if (text.split('/').some((segment) => segment === '.' || segment === '..')) {
    return finding('the path must not have dot segments');
  }
  return null;
}
