import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';

/** RFC 9659: 8 MiB is what a receiver must take; zstd itself would let an answer ask for 128 MiB. */
const ZSTD_WINDOW_LOG = 23;

/** What undoes a Content-Encoding; null when this build cannot. */
export function bodyDecoder(encoding: string): Transform | null {
  switch (encoding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } });
    default:
      return null;
  }
}
