import { z } from 'zod';
import { denialCodes, denials } from './denials.ts';
import type { DenialCode } from './denials.ts';
import { layers } from './events.ts';
import type { Layer } from './events.ts';
import { visibleLine } from './visible-text.ts';

const MAX_MESSAGE = 1024;
const MAX_TARGET = 2048;
const MAX_RULE = 256;
/** Longest `ask.arguments` as JSON, in UTF-16 units; a longer one is left out, because a cut one would be wrong. */
const MAX_ARGUMENTS = 4096;

/** What the agent can ask a human for. */
export interface DenialAsk {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** One denial as a control reports it. Nothing in it may be secret: that is the caller's duty. */
export interface Denial {
  readonly layer: Layer;
  readonly code: DenialCode;
  /** what was tried, e.g. `GET https://host/path`, without query */
  readonly target: string;
  /** route or detector rule that decided */
  readonly rule?: string | null | undefined;
  /** null or absent: asking cannot help */
  readonly ask?: DenialAsk | null | undefined;
  /** replaces the sentence of the table */
  readonly message?: string | undefined;
}

/** A complete HTTP answer; the header names are written as they are sent. */
export interface RenderedDenial {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The JSON body of a denial, for readers of it. */
export const denialBodySchema = z.strictObject({
  bot_bottle: z.literal(1).describe('version of this contract'),
  layer: z.enum(layers).describe('control that refused'),
  code: z.enum(denialCodes).describe('stable reason'),
  message: z.string().describe('one sentence'),
  target: z.string().describe('what was refused'),
  rule: z.string().nullable().describe('route or detector rule that decided'),
  retryable: z.boolean().describe('whether the same request may succeed later without a change of policy'),
  ask: z
    .strictObject({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) })
    .nullable()
    .describe('tool call that asks a human, null when asking cannot help'),
});
export type DenialBody = z.infer<typeof denialBodySchema>;

function boundedAsk(ask: DenialAsk | null | undefined): DenialBody['ask'] {
  if (ask === null || ask === undefined) return null;
  const json = JSON.stringify(ask.arguments);
  if (json.length > MAX_ARGUMENTS) return null;
  const copy: Record<string, unknown> = JSON.parse(json) as Record<string, unknown>;
  return { tool: visibleLine(ask.tool, 64), arguments: copy };
}

/** Headers that RFC 9110 requires of a status: 15.5.6 (Allow), 15.5.8 (Proxy-Authenticate). */
function headersOfStatus(status: number): Record<string, string> {
  if (status === 405) return { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' };
  if (status === 407) return { 'Proxy-Authenticate': 'Basic realm="bot-bottle"' };
  return {};
}

/**
 * Renders a denial as every layer answers it: status of the table, header `X-Bot-Bottle-Deny`, JSON body ending in a
 * newline. All texts are made visible and cut, so hostile text cannot break out of the answer.
 */
export function renderDenial(denial: Denial): RenderedDenial {
  const rule = denials[denial.code];
  const content: DenialBody = {
    bot_bottle: 1,
    layer: denial.layer,
    code: denial.code,
    message: visibleLine(denial.message ?? rule.message, MAX_MESSAGE),
    target: visibleLine(denial.target, MAX_TARGET),
    rule: denial.rule === null || denial.rule === undefined ? null : visibleLine(denial.rule, MAX_RULE),
    retryable: rule.retryable,
    ask: boundedAsk(denial.ask),
  };
  const body = `${JSON.stringify(content)}\n`;
  return {
    status: rule.status,
    headers: {
      'X-Bot-Bottle-Deny': denial.code,
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-store',
      Connection: 'close',
      ...headersOfStatus(rule.status),
    },
    body,
  };
}
