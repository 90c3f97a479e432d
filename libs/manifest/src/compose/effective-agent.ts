import type { BottleManifest, EffectiveAgent, Provenance } from '../contracts.ts';
import { ManifestErrors } from '../errors.ts';
import type { Problem } from '../problem.ts';
import { errorAt } from '../source.ts';
import { composeBottle } from './compose-bottle.ts';
import type { BottleLookup, DeclaredAgent } from './declared.ts';
import { unknownBottle } from './linearize.ts';

export interface AgentOrigin {
  readonly source: EffectiveAgent['source'];
  /** file of the home agent that a repository agent of the same name hides */
  readonly replaces?: string | null;
}

/**
 * An agent with its effective bottle, on which the agent's git identity is laid field by field. The one place where
 * a bottle becomes the bottle of an agent.
 * @throws {ManifestErrors} also when a repository agent names a bottle with `repository_agents: false`
 */
export function effectiveAgent(
  agent: DeclaredAgent,
  bottles: BottleLookup,
  origin: AgentOrigin,
): EffectiveAgent {
  const fail = (problem: Pick<Problem, 'code' | 'message' | 'hint'>): never => {
    throw new ManifestErrors([errorAt(agent.source, { ...problem, path: ['bottle'], at: 'value' })]);
  };
  if (bottles.get(agent.bottle) === undefined) {
    return fail({ code: 'unknown_bottle', ...unknownBottle(agent.bottle, bottles) });
  }
  const bottle = composeBottle(agent.bottle, bottles);
  if (origin.source === 'repository' && !bottle.repositoryAgents) {
    return fail({
      code: 'repository_agent_refused',
      message: 'this bottle cannot be used by an agent that a repository ships',
      hint: 'it says `repository_agents: false`; use an agent of the home folder',
    });
  }
  return {
    name: agent.name,
    file: agent.source.file,
    source: origin.source,
    contentHash: agent.contentHash,
    replaces: origin.replaces ?? null,
    prompt: agent.prompt,
    skills: agent.skills,
    bottle: overlayUser(bottle, agent.gitUser),
  };
}

function overlayUser(bottle: BottleManifest, user: DeclaredAgent['gitUser']): BottleManifest {
  const field = (own: string | null, inherited: Provenance | null): Provenance | null =>
    own === null ? inherited : { value: own, origin: 'agent' };
  const { name, email } = bottle.gitGate.user;
  return {
    ...bottle,
    gitGate: { ...bottle.gitGate, user: { name: field(user.name, name), email: field(user.email, email) } },
  };
}
