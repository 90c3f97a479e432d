import { z } from 'zod';
import { finding } from '../rules/finding.ts';
import { checked, type PlacedFinding } from './checked.ts';
import { entityName, hostEnvName, oneLine } from './scalars.ts';

const shape = z.strictObject({
  template: entityName
    .default('claude')
    .describe(
      'Agent program: `claude`, `codex`, `command`, or the name of a plugin in `~/.bot-bottle/contrib`.',
    ),
  dockerfile: oneLine(4096)
    .min(1, { error: 'must not be empty' })
    .optional()
    .describe(
      'Dockerfile on the host for the agent image. `~/` is expanded; a relative path starts at the folder of the bottle files.',
    ),
  auth_token: hostEnvName
    .optional()
    .describe(
      'Host environment variable that holds the OAuth token. Only for `claude`. The bottle gets a placeholder.',
    ),
  forward_host_credentials: z
    .boolean()
    .default(false)
    .describe('Use the login of the Codex CLI on the host. Only for `codex`. The bottle gets placeholders.'),
  command: z
    .array(oneLine(4096).min(1, { error: 'an argument must not be empty' }))
    .min(1, { error: 'the command needs at least one word' })
    .max(256)
    .optional()
    .describe('Program and arguments. Only for `command`; `["bash"]` when absent.'),
  settings: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Passed to a plugin as it is. Holds no secrets.'),
});

/** Keys that only one template knows. */
const onlyFor = { auth_token: 'claude', forward_host_credentials: 'codex', command: 'command' } as const;

export const agentProviderSchema = checked(shape, (provider) => {
  const found: PlacedFinding[] = [];
  for (const [key, template] of Object.entries(onlyFor)) {
    const value = provider[key as keyof typeof onlyFor];
    if (value === undefined || value === false || provider.template === template) continue;
    found.push({
      ...finding(
        `\`${key}\` works only with the template \`${template}\``,
        `remove it, or set \`template: ${template}\``,
        'conflict',
      ),
      path: [key],
      at: 'key',
    });
  }
  return found;
});
