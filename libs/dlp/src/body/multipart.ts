/** One part of a multipart body. */
export interface BodyPart {
  /** `name` of Content-Disposition, or the number of the part */
  readonly name: string;
  /** the part's head, without the boundary line */
  readonly head: Uint8Array;
  readonly content: Uint8Array;
  /** offset of the head and the end of the content in the body */
  readonly start: number;
  readonly end: number;
}

/** Parts beyond this many are scanned as part of the body only. */
const MAX_PARTS = 4096;

/**
 * Splits a multipart body as lenient readers do: line breaks may be bare, and a missing end counts as the end. In one
 * pass over the body.
 */
export function partsOf(body: Uint8Array, boundary: string): BodyPart[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length);
  const marker = `--${boundary}`;
  const parts: BodyPart[] = [];
  let at = text.indexOf(marker);
  while (at >= 0 && parts.length < MAX_PARTS) {
    const lineEnd = text.indexOf(0x0a, at + marker.length);
    if (lineEnd < 0 || text.subarray(at + marker.length, at + marker.length + 2).toString('latin1') === '--')
      break;
    const start = lineEnd + 1;
    const next = text.indexOf(marker, start);
    const end = next < 0 ? text.length : next;
    parts.push(partOf(text.subarray(start, end), start, end, parts.length));
    at = next;
  }
  return parts;
}

function partOf(part: Buffer, start: number, end: number, index: number): BodyPart {
  const gap = firstGap(part);
  const head = part.subarray(0, gap.start);
  let contentEnd = part.length;
  if (contentEnd > gap.end && part[contentEnd - 1] === 0x0a) contentEnd--;
  if (contentEnd > gap.end && part[contentEnd - 1] === 0x0d) contentEnd--;
  const name = /\bname\s*=\s*(?:"([^"\r\n]{0,200})"|([^\s;"]{1,200}))/i.exec(
    head.subarray(0, 4096).toString('latin1'),
  );
  return {
    name: name?.[1] ?? name?.[2] ?? `${index}`,
    head,
    content: part.subarray(gap.end, contentEnd),
    start,
    end,
  };
}

/** The empty line between head and content; a part without one is all content. */
function firstGap(part: Buffer): { start: number; end: number } {
  if (part[0] === 0x0a) return { start: 0, end: 1 };
  if (part[0] === 0x0d && part[1] === 0x0a) return { start: 0, end: 2 };
  const crlf = part.indexOf('\r\n\r\n');
  const lf = part.indexOf('\n\n');
  if (crlf < 0 && lf < 0) return { start: 0, end: 0 };
  return crlf >= 0 && (lf < 0 || crlf < lf) ? { start: crlf, end: crlf + 4 } : { start: lf, end: lf + 2 };
}
