import { z } from 'zod';
import { MAX_NAME_LENGTH, skillNamePattern } from '../rules/names.ts';
import { claudeSubagentKeys } from './claude-keys.ts';
import { gitUserSchema } from './git-gate.ts';
import { entityName } from './scalars.ts';

const ignored = z.unknown().optional().describe('Key of a Claude Code subagent; accepted and ignored.');

/** Keys of an agent that mean something to us. */
export const ownAgentKeys = ['bottle', 'skills', 'git-gate'] as const;

const skillName = z
  .string()
  .max(MAX_NAME_LENGTH, { error: `a skill name has at most ${MAX_NAME_LENGTH} characters` })
  .regex(skillNamePattern, { error: 'a skill name matches [a-z0-9][a-z0-9-]*' });

/** Front matter of an agent file. */
export const agentSchema = z
  .strictObject({
    bottle: entityName.describe('Bottle that the agent runs in.'),
    skills: z.array(skillName).max(256).default([]).describe('Skills to give to the agent.'),
    'git-gate': z
      .strictObject({
        user: gitUserSchema.optional().describe("Overrides the bottle's identity, field by field."),
      })
      .optional()
      .describe('Only `user`: repositories carry credentials and host trust, which belong to the bottle.'),
    ...Object.fromEntries(claudeSubagentKeys.map((key) => [key, ignored])),
  })
  .meta({
    title: 'bot-bottle agent',
    description: 'Front matter of agents/<name>.md; the body is the system prompt',
  });

/** An agent as an object: its prompt stands beside the front matter keys. */
export const agentObjectSchema = agentSchema.extend({
  prompt: z.string().max(262_144).optional().describe('System prompt.'),
});
