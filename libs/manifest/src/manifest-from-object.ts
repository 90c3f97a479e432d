import { z } from 'zod';
import { composeBottle } from './compose/compose-bottle.ts';
import type { DeclaredAgent, DeclaredBottle } from './compose/declared.ts';
import { effectiveAgent } from './compose/effective-agent.ts';
import type { BottleManifest, EffectiveAgent } from './contracts.ts';
import { ManifestError, ManifestErrors } from './errors.ts';
import { nearest } from './nearest.ts';
import { agentUser, sha256 } from './parse-agent.ts';
import { declareBottle } from './parse-bottle.ts';
import { showKey } from './problem.ts';
import { isEntityName } from './rules/names.ts';
import { objectSource } from './source.ts';
import { validateAgentObject, validateBottle } from './validate.ts';

/** A whole manifest in memory, validated but not yet composed. */
export interface Manifest {
  /** sorted */
  readonly bottleNames: readonly string[];
  /** sorted */
  readonly agentNames: readonly string[];
  /** The effective bottle. @throws {ManifestErrors} */
  bottle(name: string): BottleManifest;
  /** The agent with its effective bottle. @throws {ManifestErrors} */
  agent(name: string): EffectiveAgent;
}

const section = z.record(z.string(), z.unknown()).default({});
const objectSchema = z.strictObject({ bottles: section, agents: section });

/**
 * A manifest from a plain object `{bottles, agents}`: the keys of the files, and for an agent also `prompt`.
 * Every entry is validated; nothing is read from disk.
 * @throws {ManifestErrors} all problems of all entries at once
 */
export function manifestFromObject(object: unknown): Manifest {
  const result = objectSchema.safeParse(object);
  if (!result.success) {
    throw failure(
      'manifest',
      'invalid_type',
      'a manifest is an object with the maps `bottles` and `agents`, and nothing else',
    );
  }
  const errors: ManifestError[] = [];
  const bottles = collect(errors, 'bottle', result.data.bottles, (name, value) => {
    const source = objectSource(`bottle ${name}`);
    return declareBottle(name, validateBottle(value, source), source);
  });
  const agents = collect(errors, 'agent', result.data.agents, declareAgent);
  if (errors.length > 0) throw new ManifestErrors(errors);
  const agentNames = [...agents.keys()].toSorted();
  return {
    bottleNames: [...bottles.keys()].toSorted(),
    agentNames,
    bottle: (name) => composeBottle(name, bottles),
    agent: (name) => {
      const agent = agents.get(name);
      if (agent === undefined) throw unknownAgent(name, agentNames);
      return effectiveAgent(agent, bottles, { source: 'object' });
    },
  };
}

function declareAgent(name: string, value: unknown): DeclaredAgent {
  const source = objectSource(`agent ${name}`);
  const agent = validateAgentObject(value, source);
  const skills = [...new Set(agent.skills)];
  const gitUser = agentUser(agent['git-gate']?.user);
  const prompt = agent.prompt?.trim() ?? '';
  const contentHash = sha256(JSON.stringify({ bottle: agent.bottle, gitUser, prompt, skills }));
  return { name, source, bottle: agent.bottle, skills, gitUser, prompt, contentHash };
}

function collect<T extends DeclaredAgent | DeclaredBottle>(
  errors: ManifestError[],
  kind: 'bottle' | 'agent',
  entries: Readonly<Record<string, unknown>>,
  declare: (name: string, value: unknown) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const [name, value] of Object.entries(entries)) {
    try {
      if (!isEntityName(name))
        throw failure(
          `${kind} ${showKey(name)}`,
          'invalid_name',
          'names match [a-z][a-z0-9-]*, at most 63 characters',
        );
      found.set(name, declare(name, value));
    } catch (error) {
      if (!ManifestErrors.isInstance(error)) throw error;
      errors.push(...error.errors);
    }
  }
  return found;
}

function failure(
  entity: string,
  code: ManifestError['code'],
  message: string,
  hint: string | null = null,
): ManifestErrors {
  return new ManifestErrors([
    new ManifestError({ code, message, hint, entity, file: null, path: '', line: null, column: null }),
  ]);
}

/** The error for an agent that nothing defines. */
export function unknownAgent(name: string, known: readonly string[]): ManifestErrors {
  const list = known.length === 0 ? 'no agent is defined' : `known agents: ${known.slice(0, 50).join(', ')}`;
  const near = nearest(name, known);
  return failure(
    'manifest',
    'unknown_agent',
    `there is no agent \`${showKey(name)}\`; ${list}`,
    near === null ? null : `did you mean \`${near}\`?`,
  );
}
