import type { z } from 'zod';
import { ManifestErrors } from './errors.ts';
import { legacyKey } from './issues/legacy-keys.ts';
import { problemsFromIssues } from './issues/problems-from-issues.ts';
import { agentObjectSchema, agentSchema } from './schema/agent.ts';
import { type BottleFrontMatter, bottleSchema } from './schema/bottle.ts';
import { errorsAt, type ManifestSource } from './source.ts';

/** Validates a bottle's front matter. @throws {ManifestErrors} */
export function validateBottle(value: unknown, source: ManifestSource): BottleFrontMatter {
  return validate(bottleSchema, 'bottle', value, source);
}

/** Validates an agent's front matter. @throws {ManifestErrors} */
export function validateAgent(value: unknown, source: ManifestSource): z.infer<typeof agentSchema> {
  return validate(agentSchema, 'agent', value, source);
}

/** Validates an agent given as an object, where the prompt is a key. @throws {ManifestErrors} */
export function validateAgentObject(
  value: unknown,
  source: ManifestSource,
): z.infer<typeof agentObjectSchema> {
  return validate(agentObjectSchema, 'agent', value, source);
}

function validate<T extends z.ZodType>(
  schema: T,
  kind: 'bottle' | 'agent',
  value: unknown,
  source: ManifestSource,
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const bottleKeys = Object.keys(bottleSchema.shape);
  const problems = problemsFromIssues(result.error.issues, {
    schema,
    value,
    legacy: (path) => legacyKey(kind, path, bottleKeys),
  });
  throw new ManifestErrors(errorsAt(source, problems));
}
