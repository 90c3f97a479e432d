import type { EnvValue } from '../contracts.ts';

export interface SplitEnv {
  /** values that may be shown and written down */
  readonly literals: Readonly<Record<string, string>>;
  /** where the secret values come from; the values themselves are never logged */
  readonly forwarded: Readonly<Record<string, Exclude<EnvValue, { kind: 'literal' }>>>;
}

/** Separates the literals of a bottle's env from the values that are fetched at launch and kept secret. */
export function splitEnv(env: Readonly<Record<string, EnvValue>>): SplitEnv {
  const literals: Record<string, string> = {};
  const forwarded: Record<string, Exclude<EnvValue, { kind: 'literal' }>> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value.kind === 'literal') literals[name] = value.value;
    else forwarded[name] = value;
  }
  return { literals, forwarded };
}
