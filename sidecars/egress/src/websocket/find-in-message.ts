import { isUtf8 } from 'node:buffer';
import { DlpError } from '@bot-bottle/dlp';
import type { BodyKind, Finding, Scanner } from '@bot-bottle/dlp';
import { Denied } from '../request/denied.ts';
import { EDGE_BYTES } from './recent-bytes.ts';

/** Shorter values are searched by no detector. */
const SHORTEST = 8;

/** What was found in a message: places count from its first byte, so those of a value that began earlier are negative. */
export async function findInMessage(
  scanner: Scanner,
  message: Buffer,
  earlier: readonly Buffer[],
): Promise<Finding[]> {
  const found = message.length < SHORTEST ? [] : await scan(scanner, message);
  return [...found, ...(await findAcross(scanner, message, earlier, found))];
}

/** What neither the earlier bytes nor the message hold alone; `known` was found in the message. */
export async function findAcross(
  scanner: Scanner,
  message: Buffer,
  earlier: readonly Buffer[],
  known: readonly Finding[] = [],
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const bytes of earlier) found.push(...(await across(scanner, bytes, message, [...known, ...found])));
  return found;
}

async function across(
  scanner: Scanner,
  earlier: Buffer,
  message: Buffer,
  known: readonly Finding[],
): Promise<Finding[]> {
  if (earlier.length === 0 || message.length === 0) return [];
  const edge = earlier.length;
  const joined = Buffer.concat([earlier, message.subarray(0, EDGE_BYTES)]);
  const found = await scan(scanner, joined);
  return found.flatMap((finding) => {
    const { offset, length } = finding;
    if (offset === null || length === null) return isKnown(finding, known) ? [] : [finding];
    return offset < edge && offset + length > edge ? [{ ...finding, offset: offset - edge }] : [];
  });
}

async function scan(scanner: Scanner, bytes: Buffer): Promise<Finding[]> {
  try {
    const found = await scanner.scanBody(bytes, kindOf(bytes));
    return found.map((finding) => ({ ...finding, surface: 'websocket' }));
  } catch (error) {
    // a scanner that fails is a scanner that found nothing only by accident
    throw new Denied(DlpError.isInstance(error) ? 'undecodable_body' : 'scanner_unavailable');
  }
}

function isKnown(finding: Finding, known: readonly Finding[]): boolean {
  return known.some(({ rule, sha256 }) => rule === finding.rule && sha256 === finding.sha256);
}

/** The strings of JSON are also scanned put together, as in a body that says that it is JSON. */
function kindOf(message: Buffer): BodyKind {
  const first = message.toString('latin1', 0, 64).trimStart()[0];
  const isJson = first === '{' || first === '[' || first === '"';
  return { contentType: isJson ? 'application/json' : null, contentEncoding: null };
}

/** The message with every finding overwritten; null when a place is not known, or a text would be none any more. */
export function overwritten(message: Buffer, findings: readonly Finding[]): Buffer | null {
  const copy = Buffer.from(message);
  for (const { offset, length } of findings) {
    if (offset === null || length === null) return null;
    copy.fill('*', Math.max(0, offset), offset + length);
  }
  return isUtf8(message) && !isUtf8(copy) ? null : copy;
}
