/** Owner of everything in a bottle. */
const guestId = 1000;
const guestName = 'node';
export const blockSize = 512;

export type TarType = 'file' | 'dir' | 'link';

export interface TarHeader {
  readonly path: string;
  readonly type: TarType;
  readonly mode: number;
  /** bytes of content that follow, padded to whole blocks */
  readonly size: number;
  /** seconds since the epoch */
  readonly mtime: number;
  readonly linkTarget: string;
}

const typeFlags: Record<TarType, string> = { file: '0', link: '2', dir: '5' };
const largestOctal = 0o77777777777;

/**
 * One entry's header in the ustar format of POSIX.1-2017, preceded by a pax header when a name is longer than 100
 * bytes, not ASCII, or the size has more than eleven octal digits.
 */
export function encodeTarHeader(header: TarHeader): Buffer {
  const pax: Array<[string, string]> = [];
  if (needsPax(header.path)) pax.push(['path', header.path]);
  if (needsPax(header.linkTarget)) pax.push(['linkpath', header.linkTarget]);
  if (header.size > largestOctal) pax.push(['size', String(header.size)]);
  const main = ustar(header, typeFlags[header.type]);
  if (pax.length === 0) return main;
  const records = Buffer.concat(pax.map(([key, value]) => paxRecord(key, value)));
  const extra = ustar(
    { ...header, path: 'PaxHeader', linkTarget: '', mode: 0o600, size: records.length },
    'x',
  );
  return Buffer.concat([extra, records, padding(records.length), main]);
}

/** Zeros that fill the last block of a content. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

function needsPax(text: string): boolean {
  return Buffer.byteLength(text) > 100 || /[^\u0020-\u007e]/.test(text);
}

function ustar(header: TarHeader, flag: string): Buffer {
  const block = Buffer.alloc(blockSize);
  const text = (value: string, offset: number, length: number): void => {
    Buffer.from(value).copy(block, offset, 0, length);
  };
  const octal = (value: number, offset: number, digits: number): void => {
    text(value.toString(8).padStart(digits, '0'), offset, digits);
  };
  text(header.path, 0, 100);
  octal(header.mode & 0o777, 100, 7);
  octal(guestId, 108, 7);
  octal(guestId, 116, 7);
  octal(header.size > largestOctal ? 0 : header.size, 124, 11);
  octal(Math.min(largestOctal, Math.max(0, Math.trunc(header.mtime))), 136, 11);
  block.fill(0x20, 148, 156);
  text(flag, 156, 1);
  text(header.linkTarget, 157, 100);
  text('ustar\u000000', 257, 8);
  text(guestName, 265, 32);
  text(guestName, 297, 32);
  const sum = block.reduce((total, byte) => total + byte, 0);
  text(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 8);
  return block;
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return Buffer.from(`${length}${rest}`);
}
