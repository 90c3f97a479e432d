import type { BottlePlan } from '../plan/bottle-plan.ts';
import { renderGitConfig } from '../workspace/git/git-config.ts';

/** Text of the guest's `~/.gitconfig`, null when the bottle claims no identity. */
export function gitIdentityConfig(plan: Pick<BottlePlan, 'agent'>): string | null {
  const { name, email } = plan.agent.bottle.gitGate.user;
  const variables = [
    { section: 'user', subsection: null, key: 'name', value: name?.value ?? null },
    { section: 'user', subsection: null, key: 'email', value: email?.value ?? null },
  ].filter(({ value }) => value !== null);
  return variables.length === 0 ? null : renderGitConfig(variables);
}
