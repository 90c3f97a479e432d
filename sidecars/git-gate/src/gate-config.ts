import { gateSlots, gitGateConfigSchema } from '@bot-bottle/git-gate';
import type { GitGateConfig } from '@bot-bottle/git-gate';
import { ProtocolError } from '@bot-bottle/sidecar-protocol';
import { parseListen } from '@bot-bottle/sidecar-protocol/program';
import type { ListenAddress } from '@bot-bottle/sidecar-protocol/program';
import { GitGateServerError } from './errors.ts';

export interface CheckedConfig {
  readonly config: GitGateConfig;
  readonly address: ListenAddress;
}

/**
 * Validates configuration and the slots of its secrets.
 *
 * @throws GitGateServerError `invalid_config` with every problem; none holds a value
 */
export function checkConfig(input: unknown, secrets: Readonly<Record<string, string>>): CheckedConfig {
  const parsed = gitGateConfigSchema.safeParse(input);
  if (!parsed.success) {
    throw invalidConfig(
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'config'}: ${issue.message}`),
    );
  }
  const config = parsed.data;
  const problems: string[] = [];
  const names = new Set<string>();
  for (const { name } of config.repos) {
    // mirrors are folders: on some file systems these would be one
    if (names.has(name.toLowerCase())) problems.push(`repos: ${name} is declared twice`);
    names.add(name.toLowerCase());
  }
  const keys = config.repos.flatMap(({ key_slot: slot }) => slot ?? []);
  const slots = [...keys, ...Object.keys(config.env_secrets)];
  for (const slot of new Set(slots)) {
    if ((secrets[slot] ?? '') === '') problems.push(`the secret ${slot} is missing`);
  }
  if (secrets[gateSlots.accessToken] === '') problems.push(`the secret ${gateSlots.accessToken} is empty`);
  const address = parseAddress(config.listen, problems);
  if (problems.length > 0 || address === null) throw invalidConfig(problems);
  return { config, address };
}

function parseAddress(listen: string, problems: string[]): ListenAddress | null {
  try {
    return parseListen(listen);
  } catch (error) {
    if (!ProtocolError.isInstance(error)) throw error;
    problems.push(error.message);
    return null;
  }
}

/** Every problem at once. */
export function invalidConfig(problems: readonly string[]): GitGateServerError {
  return new GitGateServerError('invalid_config', `invalid configuration: ${problems.join('; ')}`, {
    problems,
  });
}
