import { ProtocolError } from '@bot-bottle/sidecar-protocol';
import { parseListen } from '@bot-bottle/sidecar-protocol/program';
import type { ListenAddress } from '@bot-bottle/sidecar-protocol/program';
import { superviseConfigSchema, superviseSlots } from '@bot-bottle/supervise';
import type { SuperviseConfig } from '@bot-bottle/supervise';
import { invalidConfig } from './errors.ts';

export interface CheckedConfig {
  readonly config: SuperviseConfig;
  readonly address: ListenAddress;
}

/**
 * Validates configuration and secrets.
 *
 * @throws SuperviseServerError `invalid_config` with every problem; none holds a value
 */
export function checkConfig(input: unknown, secrets: Readonly<Record<string, string>>): CheckedConfig {
  const problems = secrets[superviseSlots.accessToken] === '' ? ['the access token is empty'] : [];
  const parsed = superviseConfigSchema.safeParse(input);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues)
      problems.push(`${path.join('.') || 'config'}: ${message}`);
    throw invalidConfig(problems);
  }
  const config = parsed.data;
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
