import { normalizePathPrefix } from '../rules/path-prefix.ts';
import type { RouteInput } from '../schema/route.ts';

/** Reach that is to be written into a bottle file. */
export interface Reach {
  /** in its normal form, see `normalizeHost` */
  readonly host: string;
  readonly ports: readonly number[];
  /** [] allows every path */
  readonly pathAllowlist: readonly string[];
  /** upper case; [] allows every method */
  readonly methods: readonly string[];
  /** whether the credential of the host's entry may go along */
  readonly withCredential: boolean;
}

/** What a list of an entry gains: values to add, or null for all. `[]`: nothing. */
export interface Gains {
  readonly ports: readonly number[];
  readonly path_allowlist: readonly string[] | null;
  readonly methods: readonly string[] | null;
}

export function gainsOf(entry: RouteInput, reach: Reach): Gains {
  return {
    ports: reach.ports.filter((port) => !entry.ports.includes(port)),
    path_allowlist: gained(entry.path_allowlist.map(normalizePathPrefix), reach.pathAllowlist),
    methods: gained(
      entry.methods.map((method) => method.toUpperCase()),
      reach.methods,
    ),
  };
}

function gained(has: readonly string[], wants: readonly string[]): readonly string[] | null {
  if (has.length === 0) return [];
  return wants.length === 0 ? null : wants.filter((each) => !has.includes(each));
}

export const isNothing = (gain: readonly unknown[] | null): boolean => gain?.length === 0;

/** The entry with its gains, in the order in which they are written. */
export function widenedRoute(
  entry: RouteInput,
  { ports, path_allowlist: paths, methods }: Gains,
): RouteInput {
  const join = (has: string[], gain: readonly string[] | null): string[] =>
    gain === null ? [] : [...has, ...gain];
  return {
    ...entry,
    ports: [...entry.ports, ...ports],
    path_allowlist: join(entry.path_allowlist, paths),
    methods: join(entry.methods, methods),
  };
}

/**
 * Whether an entry with its gains allows more than the entry and the reach side by side: its lists hold for each other.
 */
export function isBroader(entry: RouteInput, reach: Reach, gains: Gains): boolean {
  const grown = [gains.ports, gains.path_allowlist, gains.methods].map((gain) => !isNothing(gain));
  const isInside = (has: readonly unknown[], wants: readonly unknown[]): boolean =>
    wants.length === 0 || (has.length > 0 && has.every((each) => wants.includes(each)));
  // Where the reach holds all that the entry has, the union is the reach itself.
  const left = [
    !entry.ports.every((port) => reach.ports.includes(port)),
    !isInside(entry.path_allowlist.map(normalizePathPrefix), reach.pathAllowlist),
    !isInside(
      entry.methods.map((method) => method.toUpperCase()),
      reach.methods,
    ),
  ];
  const count = (flags: readonly boolean[]): number => flags.filter(Boolean).length;
  if (count(grown) === 0 || count(left) === 0) return false;
  // One list that differs both ways, all others equal: side by side is the same.
  return !(count(grown) === 1 && left.every((isLeft, index) => !isLeft || grown[index] === true));
}
