import { literalForms } from './all-forms.ts';
import { escapedForms, listForms } from './simple-forms.ts';
import { trimmed } from './trimmed.ts';

/**
 * Every spelling of `value` that the scanner knows, each as a string to look for: raw, reversed, base64 and base64url
 * at three offsets, base32, hex in both cases, escapes, and base64, hex and reversal around any of them. Only the part
 * of each spelling that does not depend on its neighbours is given. Meant for searching the leavings of a run; a
 * scanner finds more (split, mixed and compressed spellings). Values under 8 bytes give their raw form only.
 */
export function encodingsOf(value: string): string[] {
  const bytes = trimmed(value);
  const forms = bytes.length < 8 ? [] : [...literalForms(bytes), ...escapedForms(bytes), ...listForms(bytes)];
  const texts = forms.flatMap((entry) => {
    const text = Buffer.from(entry.bytes).toString('utf8');
    return entry.caseInsensitive ? [text, text.toLowerCase(), text.toUpperCase()] : [text];
  });
  return [...new Set([bytes.toString('utf8'), ...texts])].filter((text) => text !== '');
}
