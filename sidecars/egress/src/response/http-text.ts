import { renderDenial } from '@bot-bottle/audit';
import type { Denial } from '@bot-bottle/audit';
import type { HeaderField } from '@bot-bottle/egress';

// An import would read everything that node:http exports, which loads all of Node's own fetch: 25 ms of the start.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** Status line and headers with the empty line after them; every text is latin1. */
export function headText(status: number, reason: string, headers: readonly HeaderField[]): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}

/** A whole answer of ours; the connection closes after it. */
export function wholeAnswer(
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  withBody: boolean,
): Buffer {
  const head = headText(status, reason, Object.entries(headers));
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(withBody ? body : '')]);
}

/** The bytes of a denial; a HEAD request gets its headers only. */
export function denialAnswer(denial: Denial, method: string | null, statusOverride?: number): Buffer {
  const rendered = renderDenial(denial);
  const status = statusOverride ?? rendered.status;
  return wholeAnswer(status, reasonOf(status), rendered.headers, rendered.body, method !== 'HEAD');
}

/** A denial whose reason phrase is the code: all that some clients show of a refused CONNECT. */
export function bareDenial(denial: Denial): Buffer {
  const rendered = renderDenial(denial);
  return wholeAnswer(rendered.status, denial.code, rendered.headers, rendered.body, true);
}
