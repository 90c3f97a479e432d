import type { Io } from '../io.ts';
import { byteSize } from '../output/byte-size.ts';

/** milliseconds without a word, and between two */
const afterMs = 1000;
const everyMs = 250;

export interface CopyProgress {
  readonly update: (files: number, bytes: number) => void;
  readonly end: () => void;
}

/** Tells on a terminal how far a copy is, once it takes more than a second. */
export function copyProgress(io: Io, quiet: boolean): CopyProgress {
  if (quiet || !io.stderr.isTTY) return { update: () => undefined, end: () => undefined };
  let next = performance.now() + afterMs;
  let isShown = false;
  return {
    update: (files, bytes) => {
      const now = performance.now();
      if (now < next) return;
      next = now + everyMs;
      isShown = true;
      io.stderr.write(`\r\u001b[Kcopying: ${files} files, ${byteSize(bytes)}`);
    },
    end: () => {
      if (isShown) io.stderr.write('\r\u001b[K');
      isShown = false;
    },
  };
}
