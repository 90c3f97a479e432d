import { hasEngine } from '../test/support/docker-engine.ts';
import { has } from '../test/support/requirements.ts';
import { operators, type Operator } from '../test/support/operators.ts';
import type { Backend } from './attack.ts';

/** A backend under one user of the host: what the whole list is run on. */
export interface Subject {
  readonly name: string;
  readonly backend: Backend;
  readonly operator: Operator;
  /** whether everything is run, or only what depends on the user */
  readonly isWhole: boolean;
}

const [privileged] = operators;

/** Docker belongs to whoever may speak to the engine, so one user is enough there. */
export const subjects: readonly Subject[] = [
  ...(has('bubblewrap', 'bwrap', ['--version'])
    ? operators.map((operator) => ({
        name: `bubblewrap-${operator.name}`,
        backend: 'bubblewrap' as const,
        operator,
        isWhole: operator === operators.at(-1),
      }))
    : []),
  ...(privileged !== undefined && hasEngine
    ? [{ name: 'docker', backend: 'docker' as const, operator: privileged, isWhole: true }]
    : []),
];
