export type NormalPath =
  | { readonly ok: true; readonly path: string; readonly query: string | null }
  | { readonly ok: false; readonly reason: string };

const unreserved = /^[A-Za-z0-9._~-]$/;
const malformedEscape = /%(?![0-9A-Fa-f]{2})/;
const escape = /%([0-9A-Fa-f]{2})/g;

// Checked after unreserved characters were decoded, so that `%25%32%66` is seen as the `%252f` it is.
const refusals: ReadonlyArray<readonly [RegExp, string]> = [
  [/\\|%5C/, 'backslash in the path'],
  [/%2F/, 'encoded slash in the path'],
  [/%(?:[01][0-9A-F]|7F)/, 'encoded control character in the path'],
  [/%25(?:[0-9A-Fa-f]{2}|[uU])/, 'path that decodes twice'],
  // `/a/..;x/b` is a parent segment to servers that cut path parameters, `/a/..%20/b` to those that cut blanks.
  [/(?:^|\/)\.{1,2}(?:;|%3B|%20)/, 'dot segment with a suffix in the path'],
];

/** Splits a target at its first `?`. */
export function splitTarget(target: string): { path: string; query: string | null } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: null };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The one form of a path that rules are applied to and that is sent on constrained routes: unreserved characters
 * decoded and other escapes in upper case (RFC 3986 6.2.2), dot segments removed, duplicate slashes merged. Whatever a
 * server could decode once more into another path is refused. The query is left as it is.
 */
export function normalizePath(target: string): NormalPath {
  const { path, query } = splitTarget(target);
  if (!path.startsWith('/')) return { ok: false, reason: 'path does not start with a slash' };
  // Before decoding: `%2%45` would become `%2E`.
  if (malformedEscape.test(path)) return { ok: false, reason: 'malformed percent-encoding in the path' };
  const decoded = decodeUnreserved(path);
  for (const [pattern, reason] of refusals) if (pattern.test(decoded)) return { ok: false, reason };
  const odd = unicodeProblem(decoded);
  if (odd !== null) return { ok: false, reason: odd };
  return { ok: true, path: removeDotSegments(decoded), query };
}

function decodeUnreserved(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(escape, (whole, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return unreserved.test(character) ? character : whole.toUpperCase();
  });
}

/**
 * Overlong forms such as %C0%AF are a slash to lenient decoders, and compatibility forms such as %EF%BC%8F to servers
 * that fold them.
 */
function unicodeProblem(path: string): string | null {
  if (!path.includes('%')) return null;
  const text = decodeUtf8(path);
  if (text === null) return 'path that is not UTF-8';
  const folded = text.normalize('NFKC');
  if (folded === text) return null;
  return foldable.test(folded) && shape(folded) !== shape(text) ? 'path that folds into another' : null;
}

const foldable = /[\\/.%?#;]/;

/** What of a text decides on its segments. */
function shape(text: string): string {
  return text.replace(/[^\\/.%?#;]/g, '');
}

function decodeUtf8(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** RFC 3986 5.2.4, with runs of slashes taken as one. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.') && !path.includes('//')) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const last = segments[segments.length - 1];
  const folder = last === '' || last === '.' || last === '..';
  return `/${kept.join('/')}${folder && kept.length > 0 ? '/' : ''}`;
}
