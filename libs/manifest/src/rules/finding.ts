import type { ManifestErrorCode } from '../errors.ts';

/** What a rule has against a value. Never holds the value. */
export interface Finding {
  readonly code: ManifestErrorCode;
  readonly message: string;
  readonly hint: string | null;
}

export function finding(
  message: string,
  hint: string | null = null,
  code: ManifestErrorCode = 'invalid_value',
): Finding {
  return { code, message, hint };
}
