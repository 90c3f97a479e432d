import type { AllowEntry } from '../contracts.ts';

/** Whether an entry matches in all that it names; an entry that names nothing allows nothing. */
export function isAllowed(
  allow: readonly AllowEntry[],
  found: { readonly rule: string; readonly sha256: string },
): boolean {
  return allow.some(({ rule, sha256 }) => {
    if (rule === undefined && sha256 === undefined) return false;
    return (
      (rule === undefined || rule === found.rule) &&
      (sha256 === undefined || sha256.toLowerCase() === found.sha256)
    );
  });
}
