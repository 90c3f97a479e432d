import type { BodyKind } from '../contracts.ts';
import { DlpError } from '../errors.ts';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const MAX_CODINGS = 3;

/**
 * Content codings in the order in which they were applied; [] when the body is not encoded.
 *
 * @throws DlpError `undecodable_body` on an unknown coding or more than three of them
 */
export function codingsOf(kind: BodyKind): Coding[] {
  if (kind.contentEncoding === null) return [];
  const names = kind.contentEncoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_CODINGS) throw undecodable('more content encodings than are undone');
  return names.map((name) => {
    switch (name) {
      case 'gzip':
      case 'x-gzip':
        return 'gzip';
      case 'deflate':
      case 'br':
      case 'zstd':
        return name;
      default:
        throw undecodable('unknown content encoding');
    }
  });
}

export function undecodable(message: string, cause?: unknown): DlpError {
  return new DlpError('undecodable_body', message, cause === undefined ? {} : { cause });
}

/** The boundary of a multipart body, null for any other. RFC 2046, section 5.1.1. */
export function boundaryOf(kind: BodyKind): string | null {
  const type = kind.contentType ?? '';
  if (!/^\s*multipart\//i.test(type)) return null;
  const match = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(type);
  return match?.[1] ?? match?.[2] ?? null;
}
