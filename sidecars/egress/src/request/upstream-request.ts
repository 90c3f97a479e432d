import { injectCredential } from '@bot-bottle/egress';
import type { RequestHead } from '@bot-bottle/egress';
import type { Dispatcher } from 'undici';
import type { Credential } from '../policy/policy-state.ts';
import type { Destination } from '../upstream/routing.ts';
import type { PreparedBody } from './prepared-body.ts';
import type { OutgoingHead } from './scan-head.ts';

/** Methods whose body every server reads. */
const bodyMethods: ReadonlySet<string> = new Set([
  'POST',
  'PUT',
  'PATCH',
  'QUERY',
  'PROPFIND',
  'PROPPATCH',
  'REPORT',
]);

/** What undici is to send, with the credential put in. */
export function upstreamRequest(
  head: RequestHead,
  outgoing: OutgoingHead,
  credential: Credential | null,
  destination: Destination,
  body: PreparedBody,
): Dispatcher.DispatchOptions {
  const { headers: plain } = outgoing;
  const headers = credential === null ? plain : injectCredential(plain, credential.auth, credential.secret);
  const flat: string[] = [];
  for (const [name, value] of headers) flat.push(name, value);
  if (destination.proxyAuthorization !== null)
    flat.push('Proxy-Authorization', destination.proxyAuthorization);
  if (body.length !== null) flat.push('Content-Length', String(body.length));
  const authority = plain.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? outgoing.host;
  return {
    method: head.method,
    path: destination.absoluteForm ? `http://${authority}${outgoing.path}` : outgoing.path,
    headers: flat,
    body: body.content,
    blocking: false,
    // a server that reads no body here would take it for the next request of a connection that stays open
    ...(body.content === null || bodyMethods.has(head.method) ? {} : { reset: true }),
    ...(head.upgrade === null ? {} : { upgrade: head.upgrade }),
  };
}
