import { DlpScan, type DlpOptions } from './dlp-scan.ts';
import type { RawFinding } from './scanned-object.ts';

/**
 * Tells texts that hold a value that was found, a known one in any spelling, or what has the format of a credential,
 * whichever scanner looked at the push.
 */
export function secretSearch(
  raw: readonly RawFinding[],
  known: Omit<DlpOptions, 'tokens'>,
): (text: string) => boolean {
  let dlp: DlpScan | null = null;
  return (text) => {
    const bytes = Buffer.from(text);
    if (raw.some(({ values }) => values.some((value) => bytes.includes(value)))) return true;
    // seldom needed, so made when it is
    dlp ??= new DlpScan({ ...known, tokens: true });
    return dlp.identities(bytes).size > 0;
  };
}
