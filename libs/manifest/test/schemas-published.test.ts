import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { generatedFiles } from '../src/docs/generated-files.ts';
import { fixtures } from './support/fixtures.ts';
import { frontMatterData } from './support/front-matter-data.ts';

const root = path.resolve(import.meta.dirname, '..');
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const compile = (name: string) =>
  ajv.compile(
    z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(readFileSync(path.join(root, 'schemas', name), 'utf8'))),
  );
const validators = { bottles: compile('bottle.schema.json'), agents: compile('agent.schema.json') };
const kinds = ['bottles', 'agents'] as const;
const errorList = z.array(z.looseObject({ code: z.string(), file: z.string() }));
/** Mistakes that a JSON Schema can see. */
const structural: ReadonlySet<string> = new Set([
  'unknown_key',
  'invalid_type',
  'legacy_key',
  'not_allowed_here',
]);

describe('generated files', () => {
  it.each([...generatedFiles().keys()])('%s is up to date', (file) => {
    expect(readFileSync(path.join(root, file), 'utf8')).toBe(generatedFiles().get(file));
  });
});

describe('JSON Schemas', () => {
  it.each(fixtures('ok'))('accept $name', ({ folder }) => {
    for (const kind of kinds) {
      for (const data of frontMatterData(folder, kind)) {
        expect(validators[kind](data), JSON.stringify(validators[kind].errors)).toBe(true);
      }
    }
  });

  const refused = fixtures('ng').filter(({ expected }) => {
    const [first] = errorList.parse(expected['errors']);
    return first !== undefined && structural.has(first.code);
  });
  it.each(refused)('refuse $name', ({ folder }) => {
    const verdicts = kinds.flatMap((kind) =>
      frontMatterData(folder, kind).map((data) => validators[kind](data)),
    );
    expect(verdicts).toContain(false);
  });
});
