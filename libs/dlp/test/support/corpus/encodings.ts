import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

/** A way to write a value down. */
export interface Encoding {
  readonly name: string;
  readonly write: (value: string) => string;
  /** what is changed: how bytes are written, or what stands between the characters and how they look */
  readonly kind: 'plain' | 'code' | 'split';
  /** chapter 04 names it, or another of the specification's lists; the others are its relatives */
  readonly isNamed: boolean;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const perByte = (text: string, write: (byte: number, index: number) => string): string =>
  Array.from(Buffer.from(text), (byte, index) => write(byte, index)).join('');
const perUnit = (text: string, write: (unit: number) => string): string =>
  Array.from({ length: text.length }, (_, i) => write(text.charCodeAt(i))).join('');
const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64');
const ascii = (text: string, write: (char: string) => string): string =>
  text.replaceAll(/[0-9A-Za-z]/g, write);
const between = (sign: string) => (text: string) => Array.from(text).join(sign);

function base32(bytes: Buffer): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}

const cyrillic: Readonly<Record<string, string>> = {
  a: 'а',
  e: 'е',
  o: 'о',
  p: 'р',
  c: 'с',
  y: 'у',
  x: 'х',
  A: 'А',
  B: 'В',
  E: 'Е',
  K: 'К',
  M: 'М',
  H: 'Н',
  O: 'О',
  P: 'Р',
  C: 'С',
  T: 'Т',
  X: 'Х',
};

/** Encodings that the specification does not name. */
const relatives: ReadonlySet<string> = new Set([
  'base32',
  'UTF-16',
  'byte list',
  'octal escapes',
  'entities',
  'hex entities',
  'hex escapes',
  'es6 unicode',
  'groups',
  'lines',
]);

const all: ReadonlyArray<Omit<Encoding, 'isNamed'>> = [
  { name: 'raw', kind: 'plain', write: (value) => value },
  ...[0, 1, 2].map((offset): Omit<Encoding, 'isNamed'> => ({
    name: `base64+${offset}`,
    kind: 'code',
    write: (value) => base64(`${': '.slice(0, offset)}${value}`),
  })),
  { name: 'base64 unpadded', kind: 'code', write: (value) => base64(value).replace(/=+$/, '') },
  { name: 'base64 embedded', kind: 'code', write: (value) => base64(`key=${value}; and more`) },
  {
    name: 'base64 wrapped',
    kind: 'code',
    write: (value) => base64(`${'| '.repeat(25)}${value}${'| '.repeat(25)}`).replaceAll(/.{76}/g, '$&\r\n'),
  },
  ...[0, 1, 2].map((offset): Omit<Encoding, 'isNamed'> => ({
    name: `base64url+${offset}`,
    kind: 'code',
    write: (value) => Buffer.from(`${'??'.slice(0, offset)}${value}`).toString('base64url'),
  })),
  { name: 'hex', kind: 'code', write: (value) => Buffer.from(value).toString('hex') },
  { name: 'hex upper', kind: 'code', write: (value) => Buffer.from(value).toString('hex').toUpperCase() },
  { name: 'percent', kind: 'code', write: (value) => perByte(value, (byte) => `%${hex(byte)}`) },
  {
    name: 'percent upper',
    kind: 'code',
    write: (value) => perByte(value, (byte) => `%${hex(byte).toUpperCase()}`),
  },
  {
    name: 'percent partial',
    kind: 'code',
    write: (value) =>
      perByte(value, (byte, i) =>
        i % 3 === 0 || byte >= 0x80 ? `%${hex(byte)}` : String.fromCharCode(byte),
      ),
  },
  {
    name: 'json unicode',
    kind: 'code',
    write: (value) => perUnit(value, (unit) => `\\u${unit.toString(16).padStart(4, '0')}`),
  },
  {
    name: 'json unicode partial',
    kind: 'code',
    write: (value) =>
      perUnit(value, (unit) =>
        unit % 3 === 0 || unit >= 0x80
          ? `\\u${unit.toString(16).padStart(4, '0')}`
          : String.fromCharCode(unit),
      ),
  },
  {
    name: 'es6 unicode',
    kind: 'code',
    write: (value) => Array.from(value, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`).join(''),
  },
  { name: 'hex escapes', kind: 'code', write: (value) => perByte(value, (byte) => `\\x${hex(byte)}`) },
  {
    name: 'octal escapes',
    kind: 'code',
    write: (value) => perByte(value, (byte) => `\\${byte.toString(8).padStart(3, '0')}`),
  },
  { name: 'entities', kind: 'code', write: (value) => perUnit(value, (unit) => `&#${unit};`) },
  {
    name: 'hex entities',
    kind: 'code',
    write: (value) => perUnit(value, (unit) => `&#x${unit.toString(16)};`),
  },
  { name: 'reversed', kind: 'code', write: (value) => Array.from(value).toReversed().join('') },
  { name: 'gzip', kind: 'code', write: (value) => base64(gzipSync(`k ${value}`)) },
  { name: 'deflate', kind: 'code', write: (value) => base64(deflateSync(`k ${value}`)) },
  { name: 'zstd', kind: 'code', write: (value) => base64(zstdCompressSync(`k ${value}`)) },
  { name: 'base32', kind: 'split', write: (value) => base32(Buffer.from(value)) },
  { name: 'UTF-16', kind: 'split', write: (value) => base64(Buffer.from(value, 'utf16le')) },
  {
    name: 'byte list',
    kind: 'split',
    write: (value) => JSON.stringify([...Buffer.from(value)]),
  },
  { name: 'dashes', kind: 'split', write: between('-') },
  { name: 'dots', kind: 'split', write: between('.') },
  { name: 'spaces', kind: 'split', write: between(' ') },
  { name: 'groups', kind: 'split', write: (value) => value.replaceAll(/.{4}/gs, '$&_ ') },
  { name: 'lines', kind: 'split', write: (value) => value.replaceAll(/.{5}/gs, '$&\n') },
  ...['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad'].map((sign): Omit<Encoding, 'isNamed'> => ({
    name: `U+${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    kind: 'split',
    write: between(sign),
  })),
  { name: 'combining', kind: 'split', write: between('\u0301') },
  {
    name: 'full width',
    kind: 'split',
    write: (value) => ascii(value, (char) => String.fromCodePoint(char.charCodeAt(0) + 0xfee0)),
  },
  { name: 'bold', kind: 'split', write: (value) => ascii(value, bold) },
  {
    name: 'look-alikes',
    kind: 'split',
    write: (value) => value.replaceAll(/[A-Za-z]/g, (char) => cyrillic[char] ?? char),
  },
];

/** Every encoding by itself. */
export const encodings: readonly Encoding[] = all.map((each) => ({
  ...each,
  isNamed: !relatives.has(each.name),
}));

/** Mathematical bold: NFKC makes ASCII of it. */
function bold(char: string): string {
  const code = char.charCodeAt(0);
  if (code <= 0x39) return String.fromCodePoint(0x1d7ce + code - 0x30);
  return String.fromCodePoint(code >= 0x61 ? 0x1d41a + code - 0x61 : 0x1d400 + code - 0x41);
}

/** Two layers, the second around the first. `isNamed`: both are, and nothing is split up after it was encoded. */
export function nestedEncodings(): Encoding[] {
  const layers = encodings.filter((each) => each.name !== 'raw');
  return layers.flatMap((inner) =>
    layers.map((outer) => ({
      name: `${outer.name}(${inner.name})`,
      kind: inner.kind === 'split' || outer.kind === 'split' ? ('split' as const) : ('code' as const),
      write: (value: string) => outer.write(inner.write(value)),
      isNamed: inner.isNamed && outer.isNamed && outer.kind === 'code',
    })),
  );
}
