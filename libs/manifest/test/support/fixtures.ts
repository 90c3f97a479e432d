import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../fixtures');

export interface Fixture {
  readonly name: string;
  readonly folder: string;
  /** `bottle` or `agent`, and its name */
  readonly target: readonly [string, string];
  readonly expected: Readonly<Record<string, unknown>>;
}

const expectedSchema = z.looseObject({ target: z.string().regex(/^(?:bottle|agent):[a-z-]+$/) });

export function fixtures(kind: 'ok' | 'ng'): Fixture[] {
  return readdirSync(path.join(root, kind)).map((name) => {
    const folder = path.join(root, kind, name);
    const { target, ...expected } = expectedSchema.parse(
      JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')),
    );
    const [what = '', entity = ''] = target.split(':');
    return { name, folder, target: [what, entity], expected };
  });
}
