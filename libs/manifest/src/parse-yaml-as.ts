import type { z } from 'zod';
import { ManifestError, ManifestErrors } from './errors.ts';
import { problemsFromIssues } from './issues/problems-from-issues.ts';
import { errorsAt, type ManifestSource } from './source.ts';
import { MAX_TEXT_LENGTH } from './text/front-matter.ts';
import { parseYaml } from './text/yaml-source.ts';

/** A YAML text that a person edits, and what it is called in errors. */
export interface YamlText {
  readonly text: string;
  /** name of the text in messages */
  readonly file: string;
  readonly entity: string;
}

/** Parses and validates a YAML text that is no manifest, with the errors of one. @throws {ManifestErrors} */
export function parseYamlAs<T extends z.ZodType>(schema: T, { text, file, entity }: YamlText): z.infer<T> {
  const fail = (init: Pick<ManifestError, 'code' | 'message' | 'line' | 'column'>): ManifestError =>
    new ManifestError({ ...init, hint: null, file, entity, path: '' });
  if (text.length > MAX_TEXT_LENGTH) {
    const message = 'the text is larger than 256 KiB';
    throw new ManifestErrors([fail({ code: 'too_large', message, line: null, column: null })]);
  }
  const yaml = parseYaml(text, 1);
  if (yaml.problems.length > 0) {
    throw new ManifestErrors(
      yaml.problems.map(({ code, message, position }) => fail({ code, message, ...position })),
    );
  }
  const value = yaml.value ?? {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const source: ManifestSource = { file, entity, locate: (path, at) => yaml.locate(path, at) };
  const problems = problemsFromIssues(result.error.issues, { schema, value, legacy: () => null });
  throw new ManifestErrors(errorsAt(source, problems));
}
