import type { z } from 'zod';
import { pipelockConfigSchema, type PipelockConfig } from './config-schema.ts';
import { PipelockError } from './errors.ts';

/**
 * Accepts the exact shape only: an unknown key, a wrong type or a missing section is an error.
 *
 * @throws PipelockError `invalid_config` with every problem, each beginning with its `section.key`
 */
export function checkConfig(value: unknown): PipelockConfig {
  const parsed = pipelockConfigSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(problemsOf);
  throw new PipelockError(
    'invalid_config',
    `the pipelock configuration is not valid: ${problems.join('; ')}`,
    {
      problems,
      cause: parsed.error,
    },
  );
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.map(String);
  const at = (key: string | null): string =>
    [...place, ...(key === null ? [] : [key])].join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${at(key)}: is not a key`);
  if (issue.code === 'invalid_type' && issue.input === undefined) return [`${at(null)}: is missing`];
  if (issue.code === 'invalid_type') return [`${at(null)}: must be ${article(issue.expected)}`];
  if (issue.code === 'invalid_value')
    return [`${at(null)}: must be ${issue.values.map(String).join(' or ')}`];
  return [`${at(null)}: ${issue.message}`];
}

const article = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);
