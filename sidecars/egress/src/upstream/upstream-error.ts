import type { DenialCode } from '@bot-bottle/audit';

/** Why an upstream could not be used, as the denial that the agent is given. Its message is never shown. */
export class UpstreamError extends Error {
  readonly denial: DenialCode;

  constructor(denial: DenialCode) {
    super(denial);
    this.name = 'UpstreamError';
    this.denial = denial;
  }
}

/** The denial for whatever went wrong on the way to an upstream: of any other error nothing is told. */
export function upstreamDenial(error: unknown): DenialCode {
  return error instanceof UpstreamError ? error.denial : 'upstream_unreachable';
}
