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

/**
 * The denial for whatever went wrong while an upstream answered. Only codes are looked at: exception texts hold
 * addresses.
 */
export function upstreamDenial(error: unknown): DenialCode {
  if (error instanceof UpstreamError) return error.denial;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'upstream_timeout';
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'UND_ERR_INVALID_ARG':
      return 'upstream_invalid';
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'upstream_unreachable';
    default:
      break;
  }
  // a parser error, and an answer where none was asked for, are an upstream that does not speak HTTP/1.1
  if (error instanceof Error && error.name === 'HTTPParserError') return 'upstream_invalid';
  if (code === 'UND_ERR_SOCKET' && error instanceof Error && /^bad (response|upgrade)$/.test(error.message))
    return 'upstream_invalid';
  return 'upstream_unreachable';
}
