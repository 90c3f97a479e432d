import { isIP } from 'node:net';
import { normalizeHost } from '@bot-bottle/manifest';
import { z } from 'zod';
import { ToolFailure } from '../tool-failure.ts';
import { propose } from './propose.ts';
import { proposalResultSchema } from './proposal-result.ts';
import { defineTool } from './tool.ts';

/** Asks a human to have the guard let a host pass, and waits a while for the answer. */
export const pipelockBlock = defineTool({
  name: 'pipelock-block',
  title: 'Ask for a host that pipelock refuses',
  description:
    'Asks a human to let pipelock, the second firewall of this sandbox, pass the host of a URL that it refused: with the ' +
    'code guard_denied, or with an answer that begins with "blocked: domain not in allowlist". For hosts that are refused ' +
    'with another code use egress-block. Only the host counts, not the path. When it is approved, pipelock starts anew ' +
    'and connections that are open end.',
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({
    failed_url: z
      .string()
      .min(1)
      .max(2048)
      .describe('The URL that was refused, beginning with https:// or http://.'),
    justification: z
      .string()
      .min(1)
      .max(2048)
      .describe('What you need it for, in one or two sentences. A human reads it and decides by it.'),
  }),
  output: proposalResultSchema,
  prepare: ({ failed_url: failed, justification }) => {
    if (justification.trim() === '') throw new ToolFailure('invalid_arguments', 'justification: is empty');
    const { host, url } = partsOf(failed);
    return async (context) => await propose({ kind: 'pipelock-block', host, url, justification }, context);
  },
});

/** @throws ToolFailure `invalid_arguments` */
function partsOf(failed: string): { readonly host: string; readonly url: string } {
  const invalid = (why: string): ToolFailure => new ToolFailure('invalid_arguments', `failed_url: ${why}`);
  const url = URL.parse(failed);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw invalid('is not a URL that begins with https:// or http://');
  if (url.username !== '' || url.password !== '') throw invalid('holds credentials');
  const host = normalizeHost(url.hostname);
  if (host === null || host.startsWith('*')) throw invalid('names no host');
  if (isIP(host) !== 0)
    throw invalid('an IP address cannot be asked for; its route belongs into the manifest');
  // without the query, which may hold anything
  return { host, url: `${url.protocol}//${url.host}${url.pathname}`.slice(0, 2048) };
}
