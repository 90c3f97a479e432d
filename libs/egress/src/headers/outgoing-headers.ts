import type { AllowDecision } from '../decide/decision.ts';
import { formatAuthority } from '../hosts/parse-authority.ts';
import type { HeaderField, RequestHead } from '../http1/request-head.ts';
import { reduceAcceptEncoding } from './accept-encoding.ts';
import { fieldKey } from './header-names.ts';
import { requestField } from './request-field.ts';

const noNames: ReadonlySet<string> = new Set();

export interface OutgoingOptions {
  /** content codings that the caller can undo in a response; identity always is one. Default: none */
  readonly decodable?: readonly string[];
}

/**
 * The headers that would leave, before a credential is injected, in their order and case: without hop-by-hop fields,
 * those named by Connection, `Proxy-*`, framing (Content-Length, Expect and WebSocket extensions too), credentials of
 * the agent that the route does not let pass, overrides of the target and, on constrained routes, of the method. Host is
 * what was decided on. A request that gets a credential asks for whole answers only: otherwise an echo of it could not
 * be recognised.
 */
export function outgoingHeaders(
  head: RequestHead,
  decision: AllowDecision,
  options: OutgoingOptions = {},
): HeaderField[] {
  const { route, base } = decision;
  const passing = keysOf(
    decision.agentAuthorization ? [...route.agent_headers, 'authorization'] : route.agent_headers,
  );
  const injected = base.auth === null ? null : requestField(base.auth.header ?? 'Authorization').key;
  const named = keysOf(head.connectionTokens);
  const host = formatAuthority(decision.host, decision.port, decision.scheme === 'https' ? 443 : 80);
  const authenticated = decision.injectAuth !== null;

  const fields: HeaderField[] = [];
  let hasHost = false;
  let encodings: string | null = null;
  for (const [name, value] of head.headers) {
    const field = requestField(name);
    const { key } = field;
    if (key === 'host') {
      hasHost = true;
      fields.push([name, host]);
      continue;
    }
    if (field.stays || key === injected || named.has(key)) continue;
    if (field.isCredential && !passing.has(key)) continue;
    if (decision.constrained && field.overridesMethod) continue;
    if (authenticated && field.asksForPart) continue;
    if (authenticated && key === 'accept-encoding') {
      encodings = encodings === null ? value : `${encodings}, ${value}`;
      continue;
    }
    fields.push([name, value]);
  }
  if (!hasHost) fields.unshift(['Host', host]);
  if (authenticated)
    fields.push(['Accept-Encoding', reduceAcceptEncoding(encodings, options.decodable ?? [])]);
  return fields;
}

/** Most requests name none, and a set costs more than the look into it. */
function keysOf(names: readonly string[]): ReadonlySet<string> {
  return names.length === 0 ? noNames : new Set(names.map(fieldKey));
}
