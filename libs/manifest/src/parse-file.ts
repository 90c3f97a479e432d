import path from 'node:path';
import { ManifestError, ManifestErrors } from './errors.ts';
import { showKey } from './problem.ts';
import { isEntityName } from './rules/names.ts';
import type { ManifestSource } from './source.ts';
import { splitFrontMatter } from './text/front-matter.ts';
import { parseYaml } from './text/yaml-source.ts';

export interface ParsedFile {
  readonly name: string;
  readonly source: ManifestSource;
  /** data of the front matter, `{}` when it is empty */
  readonly value: unknown;
  readonly body: string;
}

/** The front matter of one file as data, with places. @throws {ManifestErrors} */
export function parseFile(kind: 'bottle' | 'agent', text: string, file: string): ParsedFile {
  const name = path.basename(file).replace(/\.md$/, '');
  const entity = `${kind} ${showKey(name)}`;
  const fail = (init: Pick<ManifestError, 'code' | 'message' | 'hint' | 'line' | 'column'>): ManifestError =>
    new ManifestError({ ...init, file, entity, path: '' });
  if (!isEntityName(name)) {
    const hint = 'file names match [a-z][a-z0-9-]*.md, at most 63 characters before `.md`';
    throw new ManifestErrors([
      fail({
        code: 'invalid_name',
        message: `this cannot be the name of a ${kind}`,
        hint,
        line: null,
        column: null,
      }),
    ]);
  }
  const parts = splitFrontMatter(text);
  if ('code' in parts) throw new ManifestErrors([fail({ ...parts, line: 1, column: 1 })]);
  const yaml = parseYaml(parts.yaml, parts.firstLine);
  if (yaml.problems.length > 0) {
    throw new ManifestErrors(
      yaml.problems.map(({ code, message, position }) => fail({ code, message, hint: null, ...position })),
    );
  }
  return {
    name,
    source: { file, entity, locate: (at, which) => yaml.locate(at, which) },
    value: yaml.value ?? {},
    body: parts.body,
  };
}
