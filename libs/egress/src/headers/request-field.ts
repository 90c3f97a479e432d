import { remembered } from '../remembered.ts';
import {
  credentialCarriers,
  fieldKey,
  hopByHop,
  methodOverrides,
  partialFields,
  targetOverrides,
} from './header-names.ts';

/** What the name of a request's field says about it. */
export interface RequestField {
  readonly key: string;
  /** never leaves, whatever the route says */
  readonly stays: boolean;
  /** carries a credential of the agent */
  readonly isCredential: boolean;
  readonly overridesMethod: boolean;
  readonly asksForPart: boolean;
}

// The message that is sent is framed anew by whoever sends it, and 100-continue is answered by egress. Extensions of
// WebSocket change what its frames mean, which nothing here could read then.
const framing: ReadonlySet<string> = new Set(['content-length', 'expect', 'sec-websocket-extensions']);

/** Looks a field up by its name, in any case and spelling. */
export const requestField = remembered((name): RequestField => {
  const key = fieldKey(name);
  return {
    key,
    stays: hopByHop.has(key) || framing.has(key) || key.startsWith('proxy-') || targetOverrides.has(key),
    isCredential: credentialCarriers.has(key),
    overridesMethod: methodOverrides.has(key),
    asksForPart: partialFields.has(key),
  };
});
