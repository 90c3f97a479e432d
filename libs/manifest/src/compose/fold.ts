import type { BottleFrontMatter } from '../schema/bottle.ts';
import type { DeclaredBottle } from './declared.ts';

/** A part of a composed bottle with the bottle that declared it, for the place of errors. */
export interface Owned<T> {
  readonly value: T;
  readonly owner: DeclaredBottle;
}

type GitGate = NonNullable<BottleFrontMatter['git-gate']>;
type Repo = NonNullable<GitGate['repos']>[string];

/** A chain of bottles folded into one, defaults not yet filled in. */
export interface FoldedBottle {
  readonly env: ReadonlyMap<string, Owned<string>>;
  readonly userName: Owned<string> | null;
  readonly userEmail: Owned<string> | null;
  readonly repos: ReadonlyMap<string, Owned<Repo>>;
  readonly egress: Owned<NonNullable<BottleFrontMatter['egress']>> | null;
  readonly agentProvider: Owned<NonNullable<BottleFrontMatter['agent_provider']>> | null;
  readonly resources: Owned<NonNullable<BottleFrontMatter['resources']>> | null;
  readonly supervise: Owned<boolean> | null;
  readonly repositoryAgents: Owned<boolean> | null;
}

/** Folds bottles in order; a later one wins. `env` and repositories merge by name, everything else is replaced. */
export function foldBottles(chain: readonly DeclaredBottle[]): FoldedBottle {
  const env = new Map<string, Owned<string>>();
  const repos = new Map<string, Owned<Repo>>();
  let userName: Owned<string> | null = null;
  let userEmail: Owned<string> | null = null;
  let last: Pick<FoldedBottle, 'egress' | 'agentProvider' | 'resources' | 'supervise' | 'repositoryAgents'> =
    {
      egress: null,
      agentProvider: null,
      resources: null,
      supervise: null,
      repositoryAgents: null,
    };
  for (const owner of chain) {
    const { declared } = owner;
    for (const [name, value] of Object.entries(declared.env ?? {})) env.set(name, { value, owner });
    const gate = declared['git-gate'];
    userName = ownedText(gate?.user?.name, owner) ?? userName;
    userEmail = ownedText(gate?.user?.email, owner) ?? userEmail;
    if (gate?.repos !== undefined && Object.keys(gate.repos).length === 0) repos.clear();
    for (const [name, value] of Object.entries(gate?.repos ?? {})) repos.set(name, { value, owner });
    last = {
      egress: owned(declared.egress, owner) ?? last.egress,
      agentProvider: owned(declared.agent_provider, owner) ?? last.agentProvider,
      resources: owned(declared.resources, owner) ?? last.resources,
      supervise: owned(declared.supervise, owner) ?? last.supervise,
      repositoryAgents: owned(declared.repository_agents, owner) ?? last.repositoryAgents,
    };
  }
  return { env, repos, userName, userEmail, ...last };
}

function owned<T>(value: T | undefined, owner: DeclaredBottle): Owned<T> | null {
  return value === undefined ? null : { value, owner };
}

function ownedText(value: string | undefined, owner: DeclaredBottle): Owned<string> | null {
  const text = value?.trim() ?? '';
  return text === '' ? null : { value: text, owner };
}
