import { finding, type Finding } from './finding.ts';

/**
 * Methods that a route can allow (IANA HTTP Method Registry, and what Node's parser knows beside it), in capitals. A
 * closed list, because a method that one side knows and the other does not is how `GETX` slips past a rule on methods.
 */
export const allowableMethods: ReadonlySet<string> = new Set([
  'ACL',
  'BIND',
  'CHECKOUT',
  'COPY',
  'DELETE',
  'GET',
  'HEAD',
  'LINK',
  'LOCK',
  'M-SEARCH',
  'MERGE',
  'MKACTIVITY',
  'MKCALENDAR',
  'MKCOL',
  'MOVE',
  'NOTIFY',
  'OPTIONS',
  'PATCH',
  'POST',
  'PROPFIND',
  'PROPPATCH',
  'PURGE',
  'PUT',
  'QUERY',
  'REBIND',
  'REPORT',
  'SEARCH',
  'SOURCE',
  'SUBSCRIBE',
  'UNBIND',
  'UNLINK',
  'UNLOCK',
  'UNSUBSCRIBE',
]);

/** CONNECT asks for a tunnel; the others reflect the request, and with it an injected credential. */
const refused: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** What is wrong with a method in any case; null: a route can allow it. */
export function checkMethod(method: string): Finding | null {
  // Letters beyond ASCII have capitals in it: `LıNK` would be `LINK`.
  if (!/^[A-Za-z-]+$/.test(method)) return finding('this is not an HTTP method');
  const name = method.toUpperCase();
  if (refused.has(name)) return finding('CONNECT, TRACE and TRACK can never be allowed');
  return allowableMethods.has(name) ? null : finding('this is not an HTTP method');
}

/** The name of a method in any case as routes have it; null: none that a route can allow. */
export function normalizeMethod(method: string): string | null {
  return checkMethod(method) === null ? method.toUpperCase() : null;
}
