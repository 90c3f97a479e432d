import { base32Cores, base64Cores } from './base-cores.ts';
import { form, MIN_FORM, type EncodedForm } from './encoded-form.ts';
import { escapedForms, simpleForms } from './simple-forms.ts';

/**
 * Every form of `value` that is searched literally: one layer, and the layers that mix bytes up (base64, base32,
 * hex, reversal) around any other.
 */
export function literalForms(value: Uint8Array): EncodedForm[] {
  const outermost = simpleForms(value);
  const inner = [...outermost, ...escapedForms(value)].flatMap((entry) =>
    entry.caseInsensitive ? bothCases(entry) : [entry],
  );
  const nested = unique(inner)
    .filter((entry) => entry.encoding !== 'raw')
    .flatMap((entry) => around(entry));
  return unique([...outermost, ...nested]).filter((entry) => entry.bytes.length >= MIN_FORM);
}

function around(inner: EncodedForm): EncodedForm[] {
  const outer = [
    ...base64Cores(inner.bytes),
    ...(inner.encoding.startsWith('base64') ? [] : base32Cores(inner.bytes)),
    form('hex', Buffer.from(inner.bytes).toString('hex'), true),
    form('reversed', Uint8Array.from(inner.bytes).reverse(), inner.caseInsensitive),
  ];
  return outer.map((entry) => ({ ...entry, encoding: `${entry.encoding}(${inner.encoding})` }));
}

function bothCases(entry: EncodedForm): EncodedForm[] {
  const text = Buffer.from(entry.bytes).toString('latin1');
  return [form(entry.encoding, text.toLowerCase()), form(entry.encoding, text.toUpperCase())];
}

function unique(forms: readonly EncodedForm[]): EncodedForm[] {
  const seen = new Map<string, EncodedForm>();
  for (const entry of forms) {
    const key = `${entry.caseInsensitive ? 'i' : 's'}${Buffer.from(entry.bytes).toString('latin1')}`;
    if (!seen.has(key)) seen.set(key, entry);
  }
  return [...seen.values()];
}
