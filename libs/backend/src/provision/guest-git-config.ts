import { gitVariables, renderGitConfig } from '@bot-bottle/git-gate';
import type { BottlePlan } from '../plan/bottle-plan.ts';

/** Text of the guest's `~/.gitconfig`: the way to the gate and the identity; null when there is neither. */
export function guestGitConfig({ agent, gitGate }: Pick<BottlePlan, 'agent' | 'gitGate'>): string | null {
  const { name, email } = agent.bottle.gitGate.user;
  const user = { name: name?.value ?? null, email: email?.value ?? null };
  const text = renderGitConfig(gitVariables(gitGate?.repos ?? [], user));
  return text === '' ? null : text;
}
