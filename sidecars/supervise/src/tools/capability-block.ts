import { checkDockerfile, MAX_DOCKERFILE_BYTES } from '@bot-bottle/supervise';
import { z } from 'zod';
import { ToolFailure } from '../tool-failure.ts';
import { propose } from './propose.ts';
import { proposalResultSchema } from './proposal-result.ts';
import { defineTool } from './tool.ts';

/** Asks a human for another image, and waits a while for the answer. */
export const capabilityBlock = defineTool({
  name: 'capability-block',
  title: 'Ask for another image',
  description:
    'Asks a human to rebuild this sandbox with programs that it lacks. Write the whole Dockerfile; it replaces the one in ' +
    'force. It is built on `FROM agent`, the image that this sandbox was first made of, or on `bot-bottle-claude`, ' +
    '`bot-bottle-codex` or `bot-bottle-command`. RUN, COPY --from=<earlier stage>, ARG, ENV, USER, WORKDIR and SHELL are ' +
    'taken, nothing else. The build has no network and no files: apt-get, npm, curl and the like do not work in it. Begin ' +
    'with `USER root` to write outside of the home, and put programs into /usr/local/bin. When it is approved, this ' +
    'sandbox ends within seconds and goes on in the new image, with this conversation and the home folder: write down ' +
    'what you need to go on.',
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    dockerfile: z
      .string()
      .min(1)
      .max(MAX_DOCKERFILE_BYTES)
      .describe('The whole Dockerfile, beginning with FROM. Each line of it is read by a human.'),
    justification: z
      .string()
      .min(1)
      .max(2048)
      .describe('What you need it for, in one or two sentences. A human reads it and decides by it.'),
  }),
  output: proposalResultSchema,
  prepare: ({ dockerfile, justification }) => {
    if (justification.trim() === '') throw new ToolFailure('invalid_arguments', 'justification: is empty');
    const checked = checkDockerfile(dockerfile);
    if (!checked.ok)
      throw new ToolFailure('invalid_arguments', `dockerfile: ${checked.problems.slice(0, 10).join('; ')}`);
    return async (context) => {
      const current = context.dockerfile;
      return await propose({ kind: 'capability-block', dockerfile, current, justification }, context);
    };
  },
});
