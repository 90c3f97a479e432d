import type { HeaderField } from '../http1/request-head.ts';
import { parseTokenList } from '../http1/header-fields.ts';
import { remembered } from '../remembered.ts';
import { hopByHop } from './header-names.ts';

export interface IncomingOptions {
  /** whether a credential was injected into the request */
  readonly authenticated: boolean;
  /** overwrites echoes of that credential in a value; used on authenticated routes only */
  readonly redact?: (value: string) => string;
}

/** Whether a field of an answer never reaches the agent, by its name. */
const staysOut = remembered((name) => {
  const key = name.toLowerCase();
  return (
    hopByHop.has(key) || key === 'alt-svc' || key.startsWith('proxy-') || key.startsWith('x-bot-bottle-')
  );
});

/**
 * The headers of a response that reach the agent, in their order and case: without hop-by-hop fields, those named by
 * Connection, `Proxy-*`, Alt-Svc (which would point the agent at another host or at QUIC), and
 * `X-Bot-Bottle-*`, by which the agent knows a denial of ours. What frames or codes the body stays.
 */
export function incomingHeaders(raw: readonly HeaderField[], options: IncomingOptions): HeaderField[] {
  const named = namedByConnection(raw);
  const redact = options.authenticated ? options.redact : undefined;
  const fields: HeaderField[] = [];
  for (const [name, value] of raw) {
    if (staysOut(name) || (named !== null && named.has(name.toLowerCase()))) continue;
    fields.push(redact === undefined ? [name, value] : [redact(name), redact(value)]);
  }
  return fields;
}

function namedByConnection(raw: readonly HeaderField[]): ReadonlySet<string> | null {
  let named: Set<string> | null = null;
  for (const [name, value] of raw) {
    if (name.length !== 'connection'.length || name.toLowerCase() !== 'connection') continue;
    for (const token of parseTokenList(value) ?? []) {
      // A body whose length or coding an upstream could hide from us would be read differently on the two sides.
      if (token !== 'content-length' && token !== 'content-encoding') (named ??= new Set()).add(token);
    }
  }
  return named;
}
