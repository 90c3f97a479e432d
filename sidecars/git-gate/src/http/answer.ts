import type { ServerResponse } from 'node:http';
import { denials, visibleLine } from '@bot-bottle/audit';
import type { DenialCode } from '@bot-bottle/audit';
import { errorPkt, fatalBand } from './pkt-line.ts';
import type { Service } from './request-target.ts';

/** Why something is refused, for a human; `lines` are not yet made visible. */
export interface Refusal {
  readonly code: DenialCode;
  readonly lines: readonly string[];
}

const MAX_LINES = 30;

/** RFC 9111 5.2.2.5, as git-http-backend(1) does it: no answer of git may be reused. */
const noCache = {
  'Cache-Control': 'no-cache, max-age=0, must-revalidate',
  Expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  Pragma: 'no-cache',
};

/** Headers of an answer of git. */
export function gitHeaders(service: Service, kind: 'advertisement' | 'result'): Record<string, string> {
  return { 'Content-Type': `application/x-git-${service}-${kind}`, ...noCache };
}

/** A refusal as text: git shows its lines as `remote: …` in answer to info/refs. */
export function answerText(
  response: ServerResponse,
  status: number,
  lines: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = `${visible(lines).join('\n')}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...noCache,
    ...headers,
  });
  response.end(body);
}

/** A refusal with the status of its code. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  const headers = { 'X-Bot-Bottle-Deny': refusal.code };
  answerText(response, denials[refusal.code].status, coded(refusal), headers);
}

/**
 * A refusal of a POST. git prints nothing but the number of a status other than 200, so this is an answer that git
 * takes for the service's own words.
 */
export function answerInBand(response: ServerResponse, service: Service, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(200, { ...gitHeaders(service, 'result'), 'X-Bot-Bottle-Deny': refusal.code });
  const shown = visible(coded(refusal));
  response.end(service === 'upload-pack' ? errorPkt(shown) : fatalBand(shown));
}

/** The code first, for who reads it by machine. */
function coded({ code, lines }: Refusal): string[] {
  return [`git-gate: ${code}: ${lines[0] ?? ''}`, ...lines.slice(1).map((line) => `git-gate: ${line}`)];
}

function visible(lines: readonly string[]): string[] {
  return lines.slice(0, MAX_LINES).map((line) => visibleLine(line));
}
