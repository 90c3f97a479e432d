import type { GuestFile } from './contracts.ts';

/** A private text file of the guest. */
export function textFile(path: string, content: string): GuestFile {
  return { path, mode: 0o600, source: { content } };
}
