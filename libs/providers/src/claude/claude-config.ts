import type { ProviderContext } from '../contracts.ts';

const trusted = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] };

/**
 * Text of `~/.claude.json` that takes Claude Code straight to its prompt: onboarding done, the bypass warning
 * accepted, home and workspace trusted (keys as tried with 2.1.197 and 2.1.329).
 */
export function claudeConfig(context: Pick<ProviderContext, 'guestHome' | 'workdir'>): string {
  const config = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    bypassPermissionsModeAccepted: true,
    projects: { [context.guestHome]: trusted, [context.workdir]: trusted },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
