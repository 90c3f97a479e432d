import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { HeadSurfaces } from '@bot-bottle/dlp';
import { headFor, plainHead, type CorpusRequest } from './requests.ts';

type Made = Pick<CorpusRequest, 'head' | 'body'> & { readonly streamed?: number };

/** A place in a request, and how a client that is free to choose puts a text there; null: it cannot. */
export interface SurfaceOf {
  readonly name: string;
  readonly put: (text: string) => Made | null;
  /** capitals are lost on it */
  readonly foldsCase?: boolean;
}

/** What a URL cannot carry is percent-encoded, as clients do; what it can is left. */
const inUrl = (text: string): string =>
  text.replaceAll(/[^\x21\x24-\x3b\x3d\x40-\x5f\x61-\x7a\x7c\x7e%]/gu, (char) => encodeURIComponent(char));
const head = (more: Partial<HeadSurfaces>): Made => ({ head: { ...plainHead, ...more }, body: null });
const field = (name: string, value: string): Made => head({ headers: [...plainHead.headers, [name, value]] });
const isLine = (text: string): boolean => !/[\r\n\0]/.test(text);
/** Header strings hold one byte per character. */
const bytesOfField = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const body = (type: string, content: string | Buffer, encoding: string | null = null): Made => ({
  head: headFor(type, encoding),
  body: Buffer.from(content as string),
});

const BOUNDARY = 'b0undary42';
function multipart(parts: ReadonlyArray<readonly [string, string | Buffer]>): Made {
  const chunks = parts.flatMap(([fields, content]) => [
    Buffer.from(`--${BOUNDARY}\r\n${fields}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
  return body(
    `multipart/form-data; boundary=${BOUNDARY}`,
    Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  );
}
const named = (name: string, more = ''): string => `Content-Disposition: form-data; name="${name}"${more}`;

const filler = 'The quick brown fox jumps over the lazy dog. ';
const json = (text: string): string =>
  // a text with escapes of JSON is put in as it is, another one is quoted
  /\\(?:u[0-9a-f]{4}|["\\/bfnrt])/i.test(text)
    ? text.replaceAll('"', String.raw`\"`)
    : JSON.stringify(text).slice(1, -1);

export const surfacesOf: readonly SurfaceOf[] = [
  { name: 'host', put: (text) => hostOf(text), foldsCase: true },
  { name: 'path', put: (text) => head({ path: `/v1/files/${inUrl(text)}` }) },
  { name: 'path end', put: (text) => head({ path: `/v1/f.${inUrl(text)}.txt` }) },
  { name: 'query', put: (text) => head({ query: `a=1&q=${inUrl(text).replaceAll('&', '%26')}&z=2` }) },
  { name: 'query name', put: (text) => head({ query: `${inUrl(text).replaceAll('&', '%26')}=1` }) },
  { name: 'header', put: (text) => (isLine(text) ? field('X-Note', bytesOfField(`see ${text}!`)) : null) },
  {
    name: 'header name',
    put: (text) => (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text) ? field(`X-${text}`, '1') : null),
  },
  {
    name: 'cookie',
    put: (text) => (isLine(text) ? field('Cookie', bytesOfField(`a=b; s=${text}; c=d`)) : null),
  },
  { name: 'json', put: (text) => body('application/json', `{"n": 1, "text": "${json(text)}", "z": [true]}`) },
  // as an agent sends what it read: a line of its own, and the same in what a tool gave as JSON
  {
    name: 'json line',
    put: (text) => body('application/json', `{"content": "one\\n${json(text)}\\n\\ttwo"}`),
  },
  {
    name: 'json in json',
    put: (text) =>
      body('application/json', JSON.stringify({ content: JSON.stringify({ out: `one\r\n${text}\ttwo` }) })),
  },
  {
    name: 'json with \\/',
    put: (text) => body('application/json', `{"url": "\\n${json(text).replaceAll('/', '\\/')}"}`),
  },
  { name: 'json key', put: (text) => body('application/json', `{"${json(text)}": 1}`) },
  {
    name: 'form',
    put: (text) =>
      body('application/x-www-form-urlencoded', `a=1&t=${inUrl(text).replaceAll('&', '%26')}&z=2`),
  },
  { name: 'text', put: (text) => body('text/plain', `${filler}${text}\n${filler}`) },
  { name: 'xml', put: (text) => body('application/xml', `<a><b><![CDATA[${text}]]></b></a>`) },
  {
    name: 'binary',
    put: (text) =>
      body(
        'application/octet-stream',
        Buffer.concat([Buffer.from([0, 1, 2, 255, 254]), Buffer.from(text), Buffer.from([0, 255, 3])]),
      ),
  },
  { name: 'no type', put: (text) => ({ ...body('', text), head: plainHead }) },
  {
    name: 'part',
    put: (text) =>
      multipart([
        [named('a'), 'x'],
        [named('f', '; filename="n.txt"'), `${filler}${text}`],
      ]),
  },
  {
    name: 'part name',
    put: (text) => (isLine(text) ? multipart([[named(text.replaceAll('"', '%22')), 'x']]) : null),
  },
  {
    name: 'part file name',
    put: (text) =>
      isLine(text) ? multipart([[named('f', `; filename="${text.replaceAll('"', '%22')}"`), 'x']]) : null,
  },
  {
    name: 'part header',
    put: (text) => (isLine(text) ? multipart([[`${named('f')}\r\nX-Own: ${text}`, 'x']]) : null),
  },
  {
    name: 'part gzip',
    put: (text) => multipart([[named('f', '; filename="n.gz"'), gzipSync(`${filler}${text}`)]]),
  },
  { name: 'gzip', put: (text) => body('text/plain', gzipSync(`${filler}${text}`), 'gzip') },
  {
    name: 'deflate',
    put: (text) => body('application/json', deflateSync(`{"t":"${json(text)}"}`), 'deflate'),
  },
  { name: 'br', put: (text) => body('text/plain', brotliCompressSync(`${filler}${text}`), 'br') },
  {
    name: 'zstd',
    put: (text) => body('application/json', zstdCompressSync(`{"t":"${json(text)}"}`), 'zstd'),
  },
  {
    name: 'gzip, br',
    put: (text) => body('text/plain', brotliCompressSync(gzipSync(`${filler}${text}`)), 'gzip, br'),
  },
  { name: 'undeclared gzip', put: (text) => body('application/octet-stream', gzipSync(`${filler}${text}`)) },
  {
    name: 'stream',
    put: (text) => long(Buffer.from(`${filler.repeat(10_000)}${text}\n${filler.repeat(200)}`), null),
  },
  {
    name: 'stream gzip',
    put: (text) => long(gzipSync(`${filler.repeat(10_000)}${text}\n${filler.repeat(200)}`), 'gzip'),
  },
];

/** Surfaces whose requests are long: fewer of them are made. */
export const slowSurfaces: ReadonlySet<string> = new Set(['stream', 'stream gzip']);

function long(content: Buffer, encoding: string | null): Made {
  return { head: headFor('text/plain', encoding), body: content, streamed: 60_000 };
}

/** Labels of up to 63 letters, digits and dashes in any case; what else there is cannot be in a name. */
function hostOf(text: string): Made | null {
  if (!/^[A-Za-z0-9._-]+$/.test(text) || text.length > 200) return null;
  const labels = text.split('.').flatMap((label) => label.match(/.{1,60}/g) ?? []);
  return head({ host: `${labels.join('.')}.example.test`.toLowerCase() });
}
