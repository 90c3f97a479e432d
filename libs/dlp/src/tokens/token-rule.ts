import type { Finding } from '../contracts.ts';

/** How what follows an anchor begins. */
export interface TokenBody {
  /** one character */
  readonly chars: RegExp;
  /** how many of them there are at least */
  readonly min: number;
  /** what must follow at most so many of them, and is none of them; absent: anything may */
  readonly next?: { readonly char: string; readonly max: number };
}

/** One credential format, as data. */
export interface TokenRule {
  /** kebab-case, stable; a finding's rule is `token_patterns/<id>` */
  readonly id: string;
  readonly severity: Finding['severity'];
  /** every match starts with one of these, three characters or more; with `startOf` the value may start before it */
  readonly anchors: readonly string[];
  /** sticky; begins at the anchor; group 1, if any, is the value and stands last in the match */
  readonly pattern: RegExp;
  /**
   * What may not stand before the anchor. Covers the characters of the pattern's longest run, so that a run is tried
   * once and the search stays linear; null: anything may stand there.
   */
  readonly notAfter: RegExp | null;
  /** what every match has after its anchor, looked at before the pattern is tried; absent: nothing is known of it */
  readonly body?: TokenBody;
  /**
   * Where the value ends of which the pattern matches the beginning, up to `from`; -1: there is none. For what no pattern
   * can tell in linear time. Absent: where the match ends.
   */
  readonly endOf?: (text: string, from: number) => number;
  /**
   * Where the value begins whose anchor stands at `at`, not before; -1: there is none. Looks at a bounded number of
   * characters. Absent: where the anchor begins.
   */
  readonly startOf?: (text: string, at: number) => number;
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
    /** where the pattern does not say it at its beginning */
    body?: TokenBody;
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
    ...(options.body === undefined ? bodyOf(body) : { body: options.body }),
    isValid: options.isValid ?? ((value) => !isPlaceholder(value)),
  };
}

/** What a pattern without flags that begins with so many characters of a class says about the body. */
function bodyOf(pattern: string): { body?: TokenBody } {
  const match = /^(\[(?:[^\]\\]|\\.)+\])\{(\d+)[,}]/.exec(pattern);
  return match === null ? {} : { body: { chars: new RegExp(match[1] ?? ''), min: Number(match[2]) } };
}

/** Whether a value is what documentation and tests put where a credential would be. */
export function isPlaceholder(value: string): boolean {
  const body = value.replace(/^[A-Za-z]{1,12}[-_.]/, '');
  if (/(.)\1{7,}/s.test(body)) return true;
  if (/example|placeholder|your[-_]?|changeme|redacted|dummy|xxxx|\*\*\*|<|\.\.\./i.test(body)) return true;
  return new Set(body).size < 6;
}

/** Whether a value has digits, capitals and small letters, and is no placeholder. */
export const mixedCase = (value: string): boolean =>
  !isPlaceholder(value) && /[0-9]/.test(value) && /[A-Z]/.test(value) && /[a-z]/.test(value);
