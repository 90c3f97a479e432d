import { hash as digest } from 'node:crypto';
import { auditLineSchema } from './events.ts';
import type { AuditEvent, AuditLine } from './events.ts';

/** `prev` of the first line of a chain. */
export const GENESIS = '0'.repeat(64);

/** Longest line in bytes without its newline; an event whose details do not fit is written without them. */
export const MAX_LINE_BYTES = 64 * 1024;

/** Everything of a line but its hash. */
export interface LineFields extends AuditEvent {
  readonly seq: number;
  readonly time: string;
  readonly bottle: string;
  readonly prev: string;
}

export interface RenderedLine {
  /** the line as it stands in the file, without newline; ASCII only */
  readonly text: string;
  readonly hash: string;
}

const nonAscii = /[\x7f-\uffff]/;
const eachNonAscii = /[\x7f-\uffff]/g;

/** JSON in ASCII, so that a file shown raw in a terminal cannot carry bidi or C1 controls. */
function asciiJson(value: string | number | boolean | null): string {
  const json = JSON.stringify(value);
  if (typeof value !== 'string' || !nonAscii.test(json)) return json;
  return json.replaceAll(eachNonAscii, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function detailsJson(details: AuditEvent['details']): string {
  const keys = Object.keys(details).toSorted();
  if (keys.length === 0) return '{}';
  return `{${keys.map((key) => `${asciiJson(key)}:${asciiJson(details[key] ?? null)}`).join(',')}}`;
}

export function sha256(text: string | Uint8Array): string {
  return digest('sha256', text);
}

/**
 * The canonical JSON of a line: members in the order seq, time, bottle, layer, action, outcome, code, target, rule,
 * details (keys by UTF-16 code unit), prev; no white space; every character beyond U+007E as `\uxxxx`. `hash` is
 * SHA-256, hex, over exactly these bytes and is appended as the last member.
 */
export function renderLine(fields: LineFields): RenderedLine {
  const body =
    `{"seq":${fields.seq},"time":${asciiJson(fields.time)},"bottle":${asciiJson(fields.bottle)}` +
    `,"layer":"${fields.layer}","action":${asciiJson(fields.action)},"outcome":"${fields.outcome}"` +
    `,"code":${asciiJson(fields.code)},"target":${asciiJson(fields.target)},"rule":${asciiJson(fields.rule)}` +
    `,"details":${detailsJson(fields.details)},"prev":"${fields.prev}"}`;
  if (body.length + 76 > MAX_LINE_BYTES) return renderLine({ ...fields, details: { truncated: true } });
  const hash = sha256(body);
  return { text: `${body.slice(0, -1)},"hash":"${hash}"}`, hash };
}

/** Parses one line; null when it is not a line of this format. Says nothing of whether its hash is right. */
export function parseLine(text: string): AuditLine | null {
  if (text.length > MAX_LINE_BYTES) return null;
  try {
    const parsed = auditLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Whether the text is byte for byte what the writer would have written for the parsed line. */
export function isGenuine(text: string, line: AuditLine): boolean {
  const rendered = renderLine(line);
  return rendered.hash === line.hash && rendered.text === text;
}
