import { z } from 'zod';
import { agentSchema } from './agent.ts';
import { bottleSchema } from './bottle.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (2020-12) of a bottle's front matter. Rules across keys are not in it. */
export function bottleJsonSchema(): JsonSchema {
  return z.toJSONSchema(bottleSchema, { io: 'input' });
}

/** JSON Schema (2020-12) of an agent's front matter. */
export function agentJsonSchema(): JsonSchema {
  return z.toJSONSchema(agentSchema, { io: 'input' });
}
