import { isIP } from 'node:net';
import { normalizePath } from '@bot-bottle/egress';
import { normalizeHost, normalizeMethod } from '@bot-bottle/manifest';
import { egressBlockSchema, MAX_GRANT_MINUTES } from '@bot-bottle/supervise';
import { z } from 'zod';
import type { EgressBlock } from '../contracts.ts';
import { ToolFailure } from '../tool-failure.ts';

/** Arguments of `egress-block`, as a model is told of them. */
export const egressArgumentsSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(253)
    .describe(
      'Host name such as `api.example.com`, or `*.example.com` for every host below it. No scheme, port or path, no IP address.',
    ),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .max(16)
    .optional()
    .describe('TCP ports; default [443]. Port 80 is plain HTTP, every other port is TLS.'),
  path_allowlist: z
    .array(z.string().min(1).max(2048))
    .max(64)
    .optional()
    .describe('Path prefixes such as `/v1/`; leave out to ask for every path. Less is granted sooner.'),
  methods: z
    .array(z.string().regex(/^[A-Za-z-]{1,32}$/, { error: 'is not an HTTP method' }))
    .max(32)
    .optional()
    .describe('HTTP methods such as `GET`; leave out to ask for every method. Less is granted sooner.'),
  justification: z
    .string()
    .min(1)
    .max(2048)
    .describe('What you need it for, in one or two sentences. A human reads it and decides by it.'),
  minutes: z
    .number()
    .positive()
    .max(MAX_GRANT_MINUTES)
    .optional()
    .describe('For how many minutes; leave out for as long as this sandbox lives.'),
});
export type EgressArguments = z.infer<typeof egressArgumentsSchema>;

/**
 * The request in its normal form, so that what means the same is the same proposal.
 *
 * @throws ToolFailure `invalid_arguments` with every problem
 */
export function egressRequest(given: EgressArguments): EgressBlock {
  const problems: string[] = [];
  const host = hostOf(given.host, problems);
  const paths = (given.path_allowlist ?? []).map((path, index) => pathOf(path, index, problems));
  const methods = (given.methods ?? []).map((method, index) => methodOf(method, index, problems));
  if (given.justification.trim() === '') problems.push('justification: is empty');
  if (problems.length > 0) throw new ToolFailure('invalid_arguments', problems.slice(0, 10).join('; '));
  const parsed = egressBlockSchema.safeParse({
    kind: 'egress-block',
    host,
    ports: unique(given.ports ?? [443]).toSorted((a, b) => a - b),
    path_allowlist: unique(paths).toSorted(),
    methods: unique(methods).toSorted(),
    minutes: given.minutes ?? null,
    justification: given.justification,
  });
  // A name may grow beyond the limit by IDNA.
  if (!parsed.success) throw new ToolFailure('invalid_arguments', 'these are not the arguments of a request');
  return parsed.data;
}

function hostOf(given: string, problems: string[]): string {
  const host = normalizeHost(given.trim());
  if (host === null) {
    problems.push(
      'host: write only a name such as api.example.com, or *.example.com with a domain that belongs to one owner; no scheme, port or path',
    );
  } else if (isIP(host) !== 0) {
    problems.push('host: an IP address cannot be asked for; its route belongs into the manifest');
  }
  return host ?? '';
}

function pathOf(given: string, index: number, problems: string[]): string {
  const normal = normalizePath(given);
  if (!normal.ok) problems.push(`path_allowlist.${index}: ${normal.reason}`);
  else if (normal.query !== null) problems.push(`path_allowlist.${index}: has a query`);
  else return normal.path;
  return '';
}

function methodOf(given: string, index: number, problems: string[]): string {
  const method = normalizeMethod(given);
  if (method === null) problems.push(`methods.${index}: is not a method that can be allowed`);
  return method ?? '';
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
