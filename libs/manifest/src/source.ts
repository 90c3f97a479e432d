import { ManifestError } from './errors.ts';
import { type KeyPath, type Problem, renderPath } from './problem.ts';

/** A place in a text, both 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a bottle or an agent was declared: turns problems into errors with a place. */
export interface ManifestSource {
  /** null when the declaration came from an object */
  readonly file: string | null;
  readonly entity: string;
  locate(path: KeyPath, at: Problem['at']): Position | null;
}

/** Most errors reported for one file: a hostile file must not make a report without end. */
const MAX_ERRORS = 100;

/** A source without text, for declarations made of objects. */
export function objectSource(entity: string): ManifestSource {
  return { file: null, entity, locate: () => null };
}

export function errorAt(source: ManifestSource, problem: Problem): ManifestError {
  const position = source.locate(problem.path, problem.at);
  return new ManifestError({
    code: problem.code,
    message: problem.message,
    hint: problem.hint,
    file: source.file,
    entity: source.entity,
    path: renderPath(problem.path),
    line: position?.line ?? null,
    column: position?.column ?? null,
  });
}

/** Errors of one source in the order of its text, at most 100, one per place. */
export function errorsAt(source: ManifestSource, problems: readonly Problem[]): ManifestError[] {
  const seen = new Set<string>();
  return problems
    .map((problem) => errorAt(source, problem))
    .filter((error) => {
      const key = `${error.path}\0${error.line}\0${error.column}`;
      return seen.has(key) ? false : seen.add(key);
    })
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .slice(0, MAX_ERRORS);
}
