import { gzipSync, zstdCompressSync } from 'node:zlib';

const perByte = (text: string, write: (byte: number) => string): string =>
  Array.from(Buffer.from(text), (byte) => write(byte)).join('');
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

/** Ways to write a value so that a search for it as it is finds nothing. */
export const spellings: Readonly<Record<string, (value: string) => string>> = {
  raw: (value) => value,
  'base64 +0': base64,
  'base64 +1': (value) => base64(`x${value}`),
  'base64 +2': (value) => base64(`xy${value}yz`),
  'base64 without padding': (value) => base64(value).replace(/=+$/, ''),
  'base64url +1': (value) => Buffer.from(`~${value}~`).toString('base64url'),
  'base64 in lines': (value) =>
    base64(`${'p'.repeat(50)}${value}${'q'.repeat(50)}`).replaceAll(/.{20}/g, '$&\r\n'),
  hex: (value) => Buffer.from(value).toString('hex'),
  'hex upper': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  'hex with colons': (value) => perByte(value, (byte) => `${hex(byte)}:`),
  'percent all': (value) => perByte(value, (byte) => `%${hex(byte)}`),
  'percent upper': (value) => perByte(value, (byte) => `%${hex(byte).toUpperCase()}`),
  'percent partial': (value) => `${value.slice(0, 7)}%${hex(value.charCodeAt(7))}${value.slice(8)}`,
  'percent twice': (value) => perByte(value, (byte) => `%25${hex(byte)}`),
  'json unicode': (value) => perByte(value, (byte) => `\\u00${hex(byte)}`),
  'json unicode partial': (value) => `\\u00${hex(value.charCodeAt(0))}${value.slice(1)}`,
  'es6 unicode': (value) => perByte(value, (byte) => `\\u{${byte.toString(16)}}`),
  'hex escapes': (value) => perByte(value, (byte) => `\\x${hex(byte)}`),
  octal: (value) => perByte(value, (byte) => `\\${byte.toString(8).padStart(3, '0')}`),
  'html decimal': (value) => perByte(value, (byte) => `&#${byte};`),
  'html hex padded': (value) => perByte(value, (byte) => `&#x000000000000${hex(byte)};`),
  base32: (value) => base32(`a${value}`),
  'base32 lower': (value) => base32(value).toLowerCase(),
  reversed: (value) => Array.from(value).toReversed().join(''),
  dashes: (value) => Array.from(value).join('-'),
  spaces: (value) => Array.from(value).join('  '),
  'line breaks in JSON': (value) => Array.from(value).join(String.raw`\n`),
  'zero width': (value) => Array.from(value).join('\u200b'),
  'soft hyphens': (value) => Array.from(value).join('\u00ad'),
  'full width': (value) =>
    value.replaceAll(/[0-9A-Za-z]/g, (char) => String.fromCodePoint(char.charCodeAt(0) + 0xfee0)),
  accents: (value) => Array.from(value).join('\u0301'),
  'byte list': (value) => JSON.stringify([...Buffer.from(value)]),
  'hex byte list': (value) => perByte(value, (byte) => `0x${hex(byte)}, `),
  'base64 twice': (value) => base64(`z${base64(`yy${value}`)}`),
  'base64 of hex': (value) => base64(`k=${Buffer.from(value).toString('hex')}`),
  'hex of base64': (value) => Buffer.from(base64(`x${value}`)).toString('hex'),
  'base64 of reversed': (value) => base64(Array.from(value).toReversed().join('')),
  'reversed base64': (value) => Array.from(base64(value)).toReversed().join(''),
  'base64 of escapes': (value) => base64(perByte(value, (byte) => `\\u00${hex(byte)}`)),
  'base64 of dashes': (value) => base64(`--- ${Array.from(value).join('-')} ---`),
  'base64 of gzip': (value) => base64(gzipSync(`key: ${value}`)),
  'base64 of gzip, shifted': (value) => `x${base64(gzipSync(`key: ${value}`))}`,
  'base64 of zstd frames': (value) =>
    base64(Buffer.concat([zstdCompressSync('nothing'), zstdCompressSync(`key: ${value}`)])),
  'base64 of UTF-16': (value) => base64(Buffer.from(value, 'utf16le')),
  'percent of base64': (value) => encodeURIComponent(base64(`??>${value}`)),
};

function base32(text: string): string {
  const bits = Array.from(Buffer.from(text), (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
}
