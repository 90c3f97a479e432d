import type { DenialAsk, DenialCode } from '@bot-bottle/audit';
import type { Route, RouteAuth } from '../contracts.ts';
import type { RequestHead } from '../http1/request-head.ts';

/** How a request reached egress. */
export type Via =
  | { readonly kind: 'proxy' }
  | {
      readonly kind: 'tunnel';
      /** normalised host of the CONNECT request */
      readonly host: string;
      readonly port: number;
      /** whether egress terminates TLS in this tunnel */
      readonly tls: boolean;
      /** server name of the ClientHello as sent, null when there was none */
      readonly sni: string | null;
    };

export interface DecisionRequest {
  readonly head: RequestHead;
  readonly via: Via;
}

export interface DenyDecision {
  readonly kind: 'deny';
  readonly code: DenialCode;
  /** row that decided, null when none did */
  readonly rule: string | null;
  /** replaces the sentence of the denial table */
  readonly message?: string;
  /** what the agent could ask for, null when asking cannot help */
  readonly ask: DenialAsk | null;
}

export interface AllowDecision {
  readonly kind: 'allow';
  readonly route: Route;
  /** base row of the host; the same as `route` unless a grant decided */
  readonly base: Route;
  /** index of `route` in the table */
  readonly row: number;
  readonly rule: string;
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly port: number;
  /** path and query to send */
  readonly path: string;
  /** CIDRs of otherwise refused addresses that may be dialled */
  readonly addressAllowlist: readonly string[];
  /** whether the row limits methods or paths, so that method and path overrides are stripped */
  readonly constrained: boolean;
  /** credential to inject, null for none */
  readonly injectAuth: RouteAuth | null;
  /** the agent's own Authorization passes and is to be pinned */
  readonly agentAuthorization: boolean;
  readonly git: 'fetch' | null;
}

export interface LocalDecision {
  readonly kind: 'local';
  readonly what: 'allowlist' | 'health';
}

export type Decision = LocalDecision | DenyDecision | AllowDecision;

export function deny(
  code: DenialCode,
  options: { rule?: string | null; message?: string; ask?: Readonly<Record<string, unknown>> | null } = {},
): DenyDecision {
  return {
    kind: 'deny',
    code,
    rule: options.rule ?? null,
    ask: options.ask ? { tool: 'egress-block', arguments: options.ask } : null,
    ...(options.message === undefined ? {} : { message: options.message }),
  };
}
