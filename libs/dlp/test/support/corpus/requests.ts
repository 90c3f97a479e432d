import { DlpError, type BodyKind, type Finding, type HeadSurfaces, type Scanner } from '@bot-bottle/dlp';

/** One request as it would leave. */
export interface CorpusRequest {
  /** kind of traffic, or `secret/encoding/surface` */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly head: HeadSurfaces;
  readonly body: Buffer | null;
  /** as a body that is too long to be held, in chunks of this many bytes; null: as one */
  readonly streamed: number | null;
}

export const plainHead: HeadSurfaces = {
  host: 'api.example.test',
  path: '/v1/items',
  query: null,
  headers: [
    ['User-Agent', 'client/1.0'],
    ['Accept', '*/*'],
  ],
};

/** The same head with the fields of a body. */
export function headFor(contentType: string | null, contentEncoding: string | null = null): HeadSurfaces {
  const headers: Array<readonly [string, string]> = [...plainHead.headers];
  if (contentType !== null) headers.push(['Content-Type', contentType]);
  if (contentEncoding !== null) headers.push(['Content-Encoding', contentEncoding]);
  return { ...plainHead, headers };
}

/** What the scanner says of a request; a body that cannot be decoded is refused too. */
export async function scanRequest(
  scanner: Scanner,
  request: CorpusRequest,
): Promise<readonly Finding[] | 'undecodable'> {
  const findings = scanner.scanHead(request.head);
  if (request.body === null) return findings;
  const kind = kindOf(request.head);
  try {
    if (request.streamed === null) return [...findings, ...(await scanner.scanBody(request.body, kind))];
    return [...findings, ...(await streamed(scanner, request.body, request.streamed, kind))];
  } catch (error) {
    if (DlpError.isInstance(error) && error.code === 'undecodable_body') return 'undecodable';
    throw error;
  }
}

async function streamed(
  scanner: Scanner,
  body: Buffer,
  size: number,
  kind: BodyKind,
): Promise<readonly Finding[]> {
  const stream = scanner.stream(kind);
  const findings: Finding[] = [];
  for (let at = 0; at < body.length; at += size)
    findings.push(...(await stream.push(body.subarray(at, at + size))).findings);
  findings.push(...(await stream.end()).findings);
  return findings;
}

function kindOf(head: HeadSurfaces): BodyKind {
  const field = (wanted: string): string | null =>
    head.headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
  return { contentType: field('content-type'), contentEncoding: field('content-encoding') };
}
