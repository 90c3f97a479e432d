import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  code,
  fixture,
  hashOf,
  lines,
  lockFile,
  minified,
  paragraph,
  sentence,
  uuid,
  word,
} from './benign-texts.ts';
import { alnum, digits, hexDigits, randomOf, type Random } from './random.ts';
import { headFor, plainHead, type CorpusRequest } from './requests.ts';

export interface BenignRequest extends CorpusRequest {
  /** a conversation with a model: what the routes of a provider carry */
  readonly isConversation: boolean;
}

type Made = Pick<BenignRequest, 'head' | 'body'> & { readonly isConversation?: boolean };

const post = (type: string, content: string | Buffer, encoding: string | null = null): Made => ({
  head: headFor(type, encoding),
  body: Buffer.from(content as string),
});
const get = (
  path: string,
  query: string | null = null,
  headers: ReadonlyArray<readonly [string, string]> = [],
): Made => ({
  head: { ...plainHead, path, query, headers: [...plainHead.headers, ...headers] },
  body: null,
});

/** What a model is told and what it said, with files, diffs and results of tools in it. */
function conversation(random: Random): string {
  const content = (): string =>
    random.pick<() => string>([
      () => paragraph(random),
      () => `Here is \`${word(random)}.ts\`:\n\n\`\`\`ts\n${code(random, 4)}\n\`\`\`\n${paragraph(random)}`,
      () => fixture(random),
      () => lockFile(random, 12),
      () => minified(random, 40),
      () =>
        `diff --git a/${word(random)} b/${word(random)}\nindex ${random.text(hexDigits, 10)}..${random.text(hexDigits, 10)} 100644\n@@ -1,${random.int(9)} +1,${random.int(9)} @@\n-${code(random, 1)}+${code(random, 1)}`,
      () => lines(10, () => `${hashOf(random, 'sha1').toString('hex')} ${sentence(random)}`),
      () =>
        `To rotate keys: never commit \`AKIA...\`, \`ghp_...\` or \`-----BEGIN PRIVATE KEY-----\`. ${paragraph(random)}`,
    ])();
  const messages = Array.from({ length: 2 + random.int(6) }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content:
      i % 3 === 0
        ? [
            { type: 'text', text: content() },
            {
              type: 'image',
              source: { media_type: 'image/png', data: random.bytes(600).toString('base64') },
            },
          ]
        : content(),
    ...(i % 4 === 3
      ? { tool_use_id: `toolu_01${random.text(alnum, 22)}`, signature: random.bytes(120).toString('base64') }
      : {}),
  }));
  return JSON.stringify({
    model: 'model-4-5-20260101',
    max_tokens: 32_000,
    stream: true,
    metadata: { user_id: `user_${random.text(hexDigits, 64)}_account__session_${uuid(random)}` },
    messages,
  });
}

/** Pkt-lines of a fetch: `want` and `have` with ids of objects. */
function negotiation(random: Random): string {
  const packet = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;
  const id = (): string => hashOf(random, 'sha1').toString('hex');
  const wants = Array.from({ length: 1 + random.int(20) }, (_, i) =>
    packet(
      `want ${id()}${i === 0 ? ' multi_ack_detailed no-done side-band-64k thin-pack ofs-delta agent=git/2.43.0' : ''}\n`,
    ),
  );
  const haves = Array.from({ length: random.int(60) }, () => packet(`have ${id()}\n`));
  return `${wants.join('')}0000${haves.join('')}${packet('done\n')}`;
}

const boundary = 'Xf00';
function upload(random: Random): Made {
  const part = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${word(random)}.png"\r\nContent-Type: image/png\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(part), random.bytes(3000), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return post(`multipart/form-data; boundary=${boundary}`, body);
}

const kinds: Readonly<Record<string, (random: Random) => Made>> = {
  conversation: (random) => ({ ...post('application/json', conversation(random)), isConversation: true }),
  'conversation, zstd': (random) => ({
    ...post('application/json', zstdCompressSync(conversation(random)), 'zstd'),
    isConversation: true,
  }),
  'package install': (random) =>
    get(`/${word(random)}/-/${word(random)}-${random.int(9)}.${random.int(40)}.${random.int(9)}.tgz`, null, [
      ['npm-session', random.text(hexDigits, 16)],
      ['If-None-Match', `W/"${random.text(hexDigits, 32)}"`],
    ]),
  'package of Python': (random) =>
    get(
      `/packages/${random.text(hexDigits, 2)}/${random.text(hexDigits, 2)}/${random.text(hexDigits, 60)}/${word(random)}-1.${random.int(99)}-cp312-cp312-manylinux_2_17_x86_64.whl`,
    ),
  'image layer': (random) => get(`/v2/library/${word(random)}/blobs/sha256:${random.text(hexDigits, 64)}`),
  audit: (random) => post('application/json', gzipSync(lockFile(random, 60)), 'gzip'),
  negotiation: (random) => post('application/x-git-upload-pack-request', negotiation(random)),
  'JSON API': (random) =>
    post(
      'application/json',
      JSON.stringify({
        query: `query ${word(random)}($id: ID!) { node(id: $id) { id ... on ${word(random)} { ${word(random)} } } }`,
        variables: {
          id: `MDEwOlJlcG9zaXRvcnk${random.text(digits, 9)}`,
          first: random.int(100),
          cursor: Buffer.from(`cursor:v2:${random.text(digits, 14)}`).toString('base64'),
        },
        request_id: uuid(random),
      }),
    ),
  search: (random) =>
    get(
      '/search',
      `q=${encodeURIComponent(sentence(random))}&page=${random.int(9)}&per_page=100&sha=${random.text(hexDigits, 40)}`,
    ),
  analytics: (random) =>
    get(
      '/collect',
      `v=2&_ga=GA1.2.${random.text(digits, 9)}.${random.text(digits, 10)}&fbclid=IwAR${random.text(`${alnum}_-`, 57)}&cid=${uuid(random)}`,
    ),
  'signed URL': (random) =>
    get(
      `/${word(random)}/${uuid(random)}`,
      `se=2026-01-01T00%3A00%3A00Z&sp=r&sv=2025-01-05&etag=%22${random.text(hexDigits, 32)}%22`,
    ),
  'minified script': (random) => post('application/javascript', minified(random, 400)),
  'source map': (random) =>
    post(
      'application/json',
      JSON.stringify({
        version: 3,
        sources: [`${word(random)}.ts`],
        mappings: lines(
          60,
          () => `${random.text('ACEGIKMOQSUWY', 4)},${random.text('ACEGIKMOQSUWYgkosw', 5)}`,
        ),
      }),
    ),
  'lock file': (random) => post('text/plain', lockFile(random, 150)),
  source: (random) => post('text/plain', code(random, 40)),
  'base64 image': (random) =>
    post(
      'application/json',
      JSON.stringify({
        image: `data:image/png;base64,${Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), random.bytes(6000)]).toString('base64')}`,
      }),
    ),
  'binary upload': upload,
  ids: (random) =>
    post('application/json', JSON.stringify({ ids: Array.from({ length: 100 }, () => uuid(random)) })),
  hashes: (random) =>
    post(
      'text/plain',
      lines(
        100,
        () =>
          `${hashOf(random, random.pick(['sha1', 'sha256', 'sha512', 'md5'])).toString('hex')}  ${word(random)}/${word(random)}.ts`,
      ),
    ),
  'test fixtures': (random) =>
    post(
      'text/plain',
      lines(8, () => fixture(random)),
    ),
  form: (random) =>
    post(
      'application/x-www-form-urlencoded',
      `title=${encodeURIComponent(sentence(random))}&body=${encodeURIComponent(code(random, 2))}&utf8=%E2%9C%93`,
    ),
};

export const benignKinds: readonly string[] = Object.keys(kinds);

/** `count` requests that hold no secret, the kinds in turn. */
export function* benignRequests(seed: string, count: number): Generator<BenignRequest> {
  for (let i = 0; i < count; i++) {
    const kind = benignKinds[i % benignKinds.length] ?? '';
    const made = kinds[kind]?.(randomOf(`${seed} ${i}`));
    if (made === undefined) continue;
    yield {
      name: kind,
      method: made.body === null ? 'GET' : 'POST',
      head: made.head,
      body: made.body,
      streamed: null,
      isConversation: made.isConversation === true,
    };
  }
}
