/**
 * Methods that exist (IANA HTTP Method Registry and the ones llhttp knows). A closed list, because a method that one
 * side knows and the other does not is how `get` or `GETX` slips past a rule on methods.
 */
export const knownMethods: ReadonlySet<string> = new Set([
  'ACL',
  'BIND',
  'CHECKOUT',
  'CONNECT',
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

/** Methods that reflect the request, and with it an injected credential. */
export const reflectingMethods: ReadonlySet<string> = new Set(['TRACE', 'TRACK']);
