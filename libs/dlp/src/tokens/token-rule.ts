import type { Finding } from '../contracts.ts';

/** One credential format, as data. */
export interface TokenRule {
  /** kebab-case, stable; a finding's rule is `token_patterns/<id>` */
  readonly id: string;
  readonly severity: Finding['severity'];
  /** every match starts with one of these, three characters or more */
  readonly anchors: readonly string[];
  /** sticky; begins at the anchor; group 1, if any, is the value and stands last in the match */
  readonly pattern: RegExp;
  /**
   * What may not stand before the anchor. Covers the characters of the pattern's longest run, so that a run is tried
   * once and the search stays linear; null: anything may stand there.
   */
  readonly notAfter: RegExp | null;
  /** structure or checksum; absent: the pattern is enough */
  readonly isValid?: (value: string, match: RegExpExecArray) => boolean;
  /** anchors in any case */
  readonly anyCase?: boolean;
}

/** Characters of identifiers. */
export const word = /[A-Za-z0-9_]/;
/** Characters of identifiers and base64url. */
export const wordOrDash = /[A-Za-z0-9_-]/;
/** Letters and digits. */
export const alnum = /[A-Za-z0-9]/;

/** A vendor's prefix followed by one run of characters that must end where the pattern ends. */
export function prefixed(
  id: string,
  prefix: string | readonly string[],
  body: string,
  options: {
    severity?: Finding['severity'];
    notAfter?: RegExp | null;
    isValid?: TokenRule['isValid'];
  } = {},
): TokenRule {
  const anchors = typeof prefix === 'string' ? [prefix] : prefix;
  const starts = anchors.map((anchor) => anchor.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return {
    id,
    severity: options.severity ?? 'high',
    anchors,
    pattern: new RegExp(`(?:${starts})${body}`, 'y'),
    notAfter: options.notAfter === undefined ? word : options.notAfter,
    isValid: options.isValid ?? ((value) => !isPlaceholder(value)),
  };
}

/** Whether a value is what documentation and tests put where a credential would be. */
export function isPlaceholder(value: string): boolean {
  const body = value.replace(/^[A-Za-z]{1,12}[-_.]/, '');
  if (/(.)\1{7,}/s.test(body)) return true;
  if (/example|placeholder|your[-_]?|changeme|redacted|dummy|xxxx|\*\*\*|<|\.\.\./i.test(body)) return true;
  return new Set(body).size < 6;
}
