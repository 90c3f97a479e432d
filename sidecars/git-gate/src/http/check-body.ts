import type { IncomingMessage } from 'node:http';
import type { Service } from './request-target.ts';

/** Largest body of a fetch: a client with 100,000 refs sends about 10 MiB. */
const UPLOAD_PACK_BYTES = 64 * 1024 * 1024;
/** What a push holds besides its pack: commands and options. */
const COMMAND_BYTES = 1024 * 1024;

export interface BodyRules {
  readonly gzip: boolean;
  /** largest body, decoded or not, in bytes */
  readonly maxBytes: number;
  /** whether all bodies together are too large by now */
  readonly isOverTotal?: () => boolean;
  /** looks at every decoded chunk; false: it is not acceptable */
  readonly accept?: (chunk: Buffer) => boolean;
}

export type BodyCheck = BodyRules | { readonly status: 400 | 411 | 413 | 415; readonly why: string };

/** Looks at the head of a POST; its length was already checked to be a single number by node's parser. */
export function checkBody(
  { headers }: Pick<IncomingMessage, 'headers'>,
  service: Service,
  maxPushBytes: number,
): BodyCheck {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return { status: 400, why: 'the only transfer coding is chunked' };
  if (coding === undefined && length === undefined)
    return { status: 411, why: 'neither Content-Length nor chunked' };
  const limit = service === 'receive-pack' ? maxPushBytes : UPLOAD_PACK_BYTES;
  if (Number(length ?? 0) > limit)
    return { status: 413, why: `the request has ${length} bytes, at most ${limit} are allowed` };
  if (headers['content-type'] !== `application/x-git-${service}-request`)
    return { status: 415, why: `the content type must be application/x-git-${service}-request` };
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase();
  if (!['identity', 'gzip', 'x-gzip'].includes(encoding))
    return { status: 415, why: 'the only content coding is gzip' };
  // receive-pack itself refuses a pack over the limit, in words that the client shows; this is the limit behind it
  const maxBytes = service === 'receive-pack' ? maxPushBytes + COMMAND_BYTES : UPLOAD_PACK_BYTES;
  return { gzip: encoding !== 'identity', maxBytes };
}
