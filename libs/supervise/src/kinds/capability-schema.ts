import { z } from 'zod';
import { MAX_DOCKERFILE_BYTES } from '../dockerfile/check-dockerfile.ts';
import { text } from '../text.ts';

/** Text of a Dockerfile; whether it obeys the rules is for `checkDockerfile` to say. */
export const dockerfileSchema = text(MAX_DOCKERFILE_BYTES).min(1);

/** Another image that an agent asks for, as the whole Dockerfile that it would be built of. */
export const capabilityBlockSchema = z.strictObject({
  kind: z.literal('capability-block'),
  dockerfile: dockerfileSchema.describe('the whole Dockerfile'),
  current: dockerfileSchema.nullable().describe('the one in force, null: not known'),
  justification: text(2048).min(1).describe('what for, in the words of the agent'),
});
