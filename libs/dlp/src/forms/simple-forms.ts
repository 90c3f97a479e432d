import { unescapeFully } from '../layers/unescape.ts';
import { base32Cores, base64Cores } from './base-cores.ts';
import { form, type EncodedForm } from './encoded-form.ts';

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0');

function mapBytes(value: Uint8Array, write: (byte: number) => string): string {
  let text = '';
  for (const byte of value) text += write(byte);
  return text;
}

/** The value in one layer of encoding, as it is searched literally. */
export function simpleForms(value: Uint8Array): EncodedForm[] {
  const text = Buffer.from(value).toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(value);
  const forms = [
    form('raw', value),
    form('reversed', Uint8Array.from(value).reverse()),
    ...base64Cores(value),
    ...base32Cores(value),
    form('hex', Buffer.from(value).toString('hex'), true),
    form('unescaped', unescapeFully(value)),
  ];
  if (!isText) return forms;
  const percent = encodeURIComponent(text.toWellFormed());
  return [
    ...forms,
    form('reversed-text', Buffer.from(Array.from(text).toReversed().join(''), 'utf8')),
    form('percent', percent),
    form('form', percent.replaceAll('%20', '+')),
    form('json', Buffer.from(JSON.stringify(text).slice(1, -1), 'utf8')),
    form('utf16le', Buffer.from(text, 'utf16le')),
  ];
}

/**
 * Fully escaped spellings. Searched as they are only inside another layer: outermost they are found by undoing
 * escapes, which also covers partial ones.
 */
export function escapedForms(value: Uint8Array): EncodedForm[] {
  const text = Buffer.from(value).toString('utf8');
  let utf16 = '';
  for (let i = 0; i < text.length; i++) utf16 += `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`;
  const percent = mapBytes(value, (byte) => `%${hexOf(byte)}`);
  return [
    form('percent-all', percent),
    form('percent-all-upper', percent.toUpperCase()),
    form('json-unicode', utf16),
    form(
      'hex-escape',
      mapBytes(value, (byte) => `\\x${hexOf(byte)}`),
    ),
    form(
      'html-decimal',
      mapBytes(value, (byte) => `&#${byte};`),
    ),
    form(
      'html-hex',
      mapBytes(value, (byte) => `&#x${hexOf(byte)};`),
    ),
  ];
}

/** Lists of byte values as a program prints them; searched only without their separators. */
export function listForms(value: Uint8Array): EncodedForm[] {
  return [
    form(
      'decimal-list',
      mapBytes(value, (byte) => `${byte}`),
    ),
    form(
      'hex-list',
      mapBytes(value, (byte) => `0x${hexOf(byte)}`),
      true,
    ),
  ];
}
