import { denialCodes, denials, visibleLine } from '@bot-bottle/audit';
import type { SuperviseTool } from '@bot-bottle/supervise';
import { z } from 'zod';
import { denialAdvice } from './denial-advice.ts';
import { egressArgumentsSchema, egressRequest } from './egress-arguments.ts';
import { readDenial } from './read-denial.ts';
import type { ReadDenial } from './read-denial.ts';
import { defineTool } from './tool.ts';
import type { ToolContent, ToolContext } from './tool.ts';

const MAX_GIVEN = 16 * 1024;
const JUSTIFICATION = '<what you need it for>';

const resultSchema = z.strictObject({
  known: z.boolean().describe('whether this is a denial of this sandbox'),
  code: z.string().nullable(),
  message: z.string(),
  status: z.int().nullable().describe('HTTP status of the denial'),
  retryable: z.boolean().describe('whether the same request may succeed later without a change of policy'),
  advice: z.string(),
  call: z
    .strictObject({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) })
    .nullable()
    .describe('tool call that asks a human for it, null when asking cannot help'),
  codes: z.array(z.string()).optional().describe('known codes, when this one is not'),
});

/** What a denial means and whether asking helps. */
export const explainDenial = defineTool({
  name: 'explain-denial',
  title: 'Explain a denial',
  description:
    'Explains why a request or a push of this sandbox was refused and what to do about it. Pass the value of the ' +
    'X-Bot-Bottle-Deny header, or the JSON body of the refusal (it begins with {"bot_bottle":1,).',
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    denial: z
      .union([z.string().min(1).max(MAX_GIVEN), z.record(z.string().max(64), z.unknown())])
      .describe('a code such as `host_not_allowed`, or the JSON body of the refusal'),
  }),
  output: resultSchema,
  prepare:
    ({ denial }) =>
    async ({ offered }) =>
      explain(readDenial(denial), offered),
});

function explain(denial: ReadDenial, offered: ToolContext['offered']): ToolContent {
  const { code } = denial;
  if (code === null) {
    return {
      known: false,
      code: null,
      message: 'This is not a denial that this sandbox makes; perhaps the server itself refused.',
      status: null,
      retryable: false,
      advice: 'Pass the value of the X-Bot-Bottle-Deny header or one of the codes.',
      call: null,
      codes: denialCodes,
    };
  }
  const { message, status, retryable, ask } = denials[code];
  const call = ask !== null && offered.has(ask) ? (calls[ask]?.(denial) ?? null) : null;
  return {
    known: true,
    code,
    message,
    status,
    retryable,
    advice: denialAdvice[code] ?? generalAdvice(call !== null, retryable),
    call,
  };
}

/** What asks for each thing that can be asked for; another image is nothing that a denial leads to. */
const calls: Readonly<Partial<Record<SuperviseTool, (denial: ReadDenial) => ToolContent>>> = {
  'egress-block': callOf,
  'pipelock-block': guardCallOf,
};

function generalAdvice(canAsk: boolean, retryable: boolean): string {
  if (canAsk) return 'Ask a human with the call below, with your own words as the justification.';
  return retryable ? 'Wait a little and try again.' : 'Do without it, or tell your user.';
}

/** Only what stands the checks of the tool itself is repeated; a host that does not is left for the model to fill in. */
function callOf({ target, asked }: ReadDenial): ToolContent {
  const given = egressArgumentsSchema.omit({ justification: true, minutes: true }).strip().safeParse(asked);
  const candidates = [given.success ? given.data : null, fromTarget(target)];
  for (const candidate of candidates) {
    if (candidate === null) continue;
    try {
      const { host, ports, path_allowlist, methods } = egressRequest({ ...candidate, justification: '-' });
      const narrow = {
        ...(path_allowlist.length > 0 ? { path_allowlist } : {}),
        ...(methods.length > 0 ? { methods } : {}),
      };
      return { tool: 'egress-block', arguments: { host, ports, ...narrow, justification: JUSTIFICATION } };
    } catch {
      continue;
    }
  }
  return {
    tool: 'egress-block',
    arguments: { host: '<the host that was refused>', justification: JUSTIFICATION },
  };
}

function guardCallOf({ target, asked }: ReadDenial): ToolContent {
  const given = z.object({ failed_url: z.url({ protocol: /^https?$/ }).max(512) }).safeParse(asked);
  const [, seen] = /^[A-Z-]{1,32} (https?:\/\/[^\s?#]{1,512})/.exec(target ?? '') ?? [];
  const failedUrl = given.success
    ? visibleLine(given.data.failed_url, 512)
    : (seen ?? '<the URL that was refused>');
  return { tool: 'pipelock-block', arguments: { failed_url: failedUrl, justification: JUSTIFICATION } };
}

function fromTarget(target: string | null): { host: string; ports: number[] } | null {
  const [, scheme, authority] = /^[A-Z-]{1,32} (?:(https?):\/\/)?([^\s/?#]{1,512})/.exec(target ?? '') ?? [];
  if (authority === undefined) return null;
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(visibleLine(authority, 512)) ?? [];
  return { host, ports: [port === undefined ? (scheme === 'http' ? 80 : 443) : Number(port)] };
}
