import { ByteReader } from './byte-reader.ts';
import { blockSize } from './tar-header.ts';
import { BackendError } from '../errors.ts';

/** One entry of an archive that nobody vouches for; paths are as written. */
export interface TarItem {
  readonly path: string;
  readonly type: 'file' | 'dir' | 'link' | 'other';
  readonly mode: number;
  readonly size: number;
  readonly linkTarget: string;
  /** Bytes of a file; what is not read is skipped. */
  content(): AsyncIterable<Uint8Array>;
}

/** Longest padding after an archive that is read to its end. */
const maxPadding = 1024 * 1024;
/** Longest accepted pax or GNU name record. */
const maxExtension = 256 * 1024;

/**
 * Reads ustar, pax and GNU archives entry by entry, in bounded memory.
 *
 * @throws BackendError `copy_refused` when the archive is broken
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarItem> {
  const reader = new ByteReader(source);
  let extension: Extension = {};
  for (;;) {
    const block = await reader.take(blockSize);
    if (block === null) return;
    if (block.every((byte) => byte === 0)) return await reader.drain(maxPadding);
    const head = parseHeader(block);
    if (head.flag === 'x' || head.flag === 'g' || head.flag === 'L' || head.flag === 'K') {
      const record = await extensionBody(reader, head.size);
      if (head.flag === 'x') extension = { ...extension, ...parsePax(record) };
      else if (head.flag === 'L') extension = { ...extension, path: cString(record) };
      else if (head.flag === 'K') extension = { ...extension, linkTarget: cString(record) };
      continue;
    }
    const type = typeOf(head.flag, head.path);
    const size = extension.size ?? head.size;
    const body = type === 'link' ? 0 : size;
    let left = body;
    yield {
      path: extension.path ?? head.path,
      type,
      mode: head.mode & 0o7777,
      size: body,
      linkTarget: extension.linkTarget ?? head.linkTarget,
      content: async function* () {
        while (left > 0) {
          const chunk = await reader.some(left);
          if (chunk === null) throw broken('it ends early');
          left -= chunk.length;
          yield chunk;
        }
      },
    };
    await reader.skip(left + ((blockSize - (body % blockSize)) % blockSize));
    extension = {};
  }
}

interface Extension {
  readonly path?: string;
  readonly linkTarget?: string;
  readonly size?: number;
}

interface RawHeader {
  readonly path: string;
  readonly flag: string;
  readonly mode: number;
  readonly size: number;
  readonly linkTarget: string;
}

function broken(why: string): BackendError {
  return new BackendError('copy_refused', `the archive from the bottle is broken: ${why}`);
}

const cString = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
};

function parseHeader(block: Uint8Array): RawHeader {
  let sum = 0;
  block.forEach((byte, index) => (sum += index >= 148 && index < 156 ? 0x20 : byte));
  if (sum !== number(block.subarray(148, 156))) throw broken('a header has a wrong checksum');
  const name = cString(block.subarray(0, 100));
  const prefix =
    cString(block.subarray(257, 262)) === 'ustar' && block[262] === 0
      ? cString(block.subarray(345, 500))
      : '';
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    flag: String.fromCharCode(block[156] ?? 0),
    mode: number(block.subarray(100, 108)),
    size: number(block.subarray(124, 136)),
    linkTarget: cString(block.subarray(157, 257)),
  };
}

/** Octal text, or GNU's base 256 when the top bit is set. */
function number(field: Uint8Array): number {
  const first = field[0] ?? 0;
  let value = 0;
  if ((first & 0x80) !== 0) {
    value = first & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
  } else {
    const text = cString(field).trim();
    if (!/^[0-7]*$/.test(text)) throw broken('a header holds no number where one must be');
    value = text === '' ? 0 : Number.parseInt(text, 8);
  }
  if (!Number.isSafeInteger(value)) throw broken('a number is too large');
  return value;
}

function typeOf(flag: string, path: string): TarItem['type'] {
  switch (flag) {
    case '0':
    case '7':
    case '\0':
      return path.endsWith('/') ? 'dir' : 'file';
    case '2':
      return 'link';
    case '5':
      return 'dir';
    default:
      return 'other';
  }
}

async function extensionBody(reader: ByteReader, size: number): Promise<Uint8Array> {
  if (size > maxExtension) throw broken('a name is too long');
  const bytes = await reader.take(size);
  if (bytes === null) throw broken('it ends early');
  await reader.skip((blockSize - (size % blockSize)) % blockSize);
  return bytes;
}

function parsePax(bytes: Uint8Array): Extension {
  const result: { path?: string; linkTarget?: string; size?: number } = {};
  const buffer = Buffer.from(bytes);
  for (let offset = 0; offset < buffer.length;) {
    const space = buffer.indexOf(0x20, offset);
    const length = Number.parseInt(buffer.toString('latin1', offset, Math.max(offset, space)), 10);
    if (
      space < 0 ||
      !Number.isInteger(length) ||
      length <= space - offset + 1 ||
      offset + length > buffer.length
    )
      throw broken('a pax record is malformed');
    const record = buffer.toString('utf8', space + 1, offset + length - 1);
    const [key, value] = [record.slice(0, record.indexOf('=')), record.slice(record.indexOf('=') + 1)];
    if (key === 'path') result.path = value;
    if (key === 'linkpath') result.linkTarget = value;
    if (key === 'size') {
      if (!/^\d{1,15}$/.test(value)) throw broken('a pax size is malformed');
      result.size = Number(value);
    }
    offset += length;
  }
  return result;
}
