import { z } from 'zod';
import { checkEnvValue } from '../rules/env-value.ts';
import { finding } from '../rules/finding.ts';
import { envNamePattern } from '../rules/names.ts';
import { isReservedEnvName } from '../rules/reserved-env.ts';
import { agentProviderSchema } from './agent-provider.ts';
import { checked } from './checked.ts';
import { egressSchema } from './egress.ts';
import { gitGateSchema } from './git-gate.ts';
import { resourcesSchema } from './resources.ts';
import { entityName } from './scalars.ts';

const envName = checked(
  z.string().max(255).regex(envNamePattern, { error: 'env names match [A-Za-z_][A-Za-z0-9_]*' }),
  (name) =>
    isReservedEnvName(name)
      ? finding(
          'this variable belongs to bot-bottle and cannot be set',
          'proxy, CA, loader and token-slot names are reserved',
          'reserved_name',
        )
      : null,
);

/** Front matter of a bottle file. */
export const bottleSchema = z
  .strictObject({
    extends: z
      .union([entityName, z.array(entityName).max(64)], {
        error: 'must be the name of a bottle or a list of names',
      })
      .optional()
      .describe('Bottles to build on. Parents are folded left to right, then this bottle.'),
    env: z
      .record(
        envName,
        checked(z.string({ error: 'env values are text: put them in quotes' }).max(65_536), checkEnvValue),
      )
      .optional()
      .describe(
        'Environment of the agent. `?` or `?message`: asked at launch; `${HOST_VAR}`: taken from the host; else a literal.',
      ),
    agent_provider: agentProviderSchema.optional().describe('Which agent program runs, and how it logs in.'),
    'git-gate': gitGateSchema
      .optional()
      .describe('Git identity and the repositories that the agent reaches through the gate.'),
    egress: egressSchema.optional().describe('What the agent can reach over HTTP.'),
    supervise: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the agent can ask a human.', default: true }),
    resources: resourcesSchema.optional().describe('Limits, enforced where the backend can.'),
    repository_agents: z
      .boolean()
      .optional()
      .meta({ description: 'Whether agents shipped by a repository may use this bottle.', default: true }),
  })
  .meta({ title: 'bot-bottle bottle', description: 'Front matter of ~/.bot-bottle/bottles/<name>.md' });

export type BottleFrontMatter = z.infer<typeof bottleSchema>;
