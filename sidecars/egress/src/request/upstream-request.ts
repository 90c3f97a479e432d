import { injectCredential } from '@bot-bottle/egress';
import type { RequestHead } from '@bot-bottle/egress';
import type { Credential } from '../policy/policy-state.ts';
import { bodyMethods } from '../upstream/request-text.ts';
import type { Destination } from '../upstream/routing.ts';
import type { UpstreamRequest } from '../upstream/upstream-exchange.ts';
import type { PreparedBody } from './prepared-body.ts';
import type { OutgoingHead } from './scan-head.ts';

/**
 * What is to be sent, with the credential put in. Its connection carries nothing else when a server that reads no body
 * here would take it for the next request, or one that answers HEAD with a body would make that the next answer.
 */
export function upstreamRequest(
  head: RequestHead,
  outgoing: OutgoingHead,
  credential: Credential | null,
  destination: Destination,
  body: PreparedBody,
): UpstreamRequest {
  const { headers: plain } = outgoing;
  const headers =
    credential === null ? [...plain] : injectCredential(plain, credential.auth, credential.secret);
  if (destination.proxyAuthorization !== null)
    headers.push(['Proxy-Authorization', destination.proxyAuthorization]);
  const { content, length } = body;
  return {
    method: head.method,
    target: destination.absoluteForm ? `http://${authorityOf(outgoing)}${outgoing.path}` : outgoing.path,
    headers,
    body: content,
    length,
    closes: head.method === 'HEAD' || (content !== null && !bodyMethods.has(head.method)),
    upgrade: head.upgrade,
  };
}

function authorityOf({ headers, host }: OutgoingHead): string {
  return headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? host;
}
