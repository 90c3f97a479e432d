import type { AgentProvider } from './contracts.ts';
import { claudeProvider } from './claude/claude-provider.ts';
import { codexProvider } from './codex/codex-provider.ts';
import { commandProvider } from './command/command-provider.ts';
import { ProviderError } from './errors.ts';

/** Providers that come with this package. */
export const builtInProviders: readonly AgentProvider[] = [claudeProvider, codexProvider, commandProvider];

/**
 * The provider of a bottle's `agent_provider.template`.
 *
 * @param extra providers found before a built-in one of the same name, e.g. plugins
 * @throws ProviderError `unknown_provider`
 */
export function findProvider(name: string, extra: readonly AgentProvider[] = []): AgentProvider {
  const all = [...extra, ...builtInProviders];
  const found = all.find((provider) => provider.name === name);
  if (found !== undefined) return found;
  const known = [...new Set(all.map((provider) => provider.name))].toSorted().join(', ');
  throw new ProviderError('unknown_provider', `no provider is called ${JSON.stringify(name)}`, {
    hint: `known providers: ${known}`,
    data: { provider: name },
  });
}
