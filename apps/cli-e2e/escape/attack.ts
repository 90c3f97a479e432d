import type { Arena } from './arena.ts';
import type { Facts } from './facts.ts';
import type { Step } from './step.ts';

export const backends = ['bubblewrap', 'docker'] as const;
export type Backend = (typeof backends)[number];

/** Who on the host would see that an attack worked. */
export const witnessNames = [
  'upstream',
  'decoy',
  'resolver',
  'wire',
  'unix',
  'remote',
  'neighbour',
  'files',
] as const;
export type WitnessName = (typeof witnessNames)[number];

interface Entry {
  /** `<class>/<kebab>`, unique */
  readonly id: string;
  /** what is done in the bottle; each step's output is judged */
  readonly steps: (at: Facts) => readonly Step[];
  /** what the host does while the steps are made */
  readonly meanwhile?: (arena: Arena) => Promise<void>;
  /** what the host does or looks at afterwards; a text is a problem */
  readonly after?: (arena: Arena, outputs: readonly string[]) => Promise<string | null>;
}

/** Something that must not work, and what shows that it did not. */
export interface Attack extends Entry {
  /** what the attacker tries, for the table */
  readonly tries: string;
  /** what must be seen, for the table */
  readonly seen: string;
  /** what the output of every step must match: the attacker's view of the denial */
  readonly denied: RegExp;
  /** what no output may match */
  readonly never?: RegExp;
  /** who must have seen nothing */
  readonly silent: readonly WitnessName[];
  /** backends on which there is nothing to attack, with the reason */
  readonly notApplicable?: Partial<Readonly<Record<Backend, string>>>;
  /** backends on which a part of it works, with what is left open: the table then says `partly` */
  readonly partly?: Partial<Readonly<Record<Backend, string>>>;
}

/** Something permitted that the same witnesses do see: without it, seeing nothing would prove nothing. */
export interface Control extends Entry {
  readonly does: string;
  /** what the output of every step must match */
  readonly answered: RegExp;
  /** who must have seen something */
  readonly noted: readonly WitnessName[];
}

export interface AttackClass {
  readonly id: string;
  readonly title: string;
  /** whether it also depends on who started the bottle, so that it runs for every user of the host; default no */
  readonly byUser?: boolean;
  readonly controls: readonly Control[];
  readonly attacks: readonly Attack[];
}
