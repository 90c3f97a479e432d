import path from 'node:path';
import { loadManifestIndex, ManifestError } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catchErrors } from './support/catch-errors.ts';
import { fixtures } from './support/fixtures.ts';

const all = fixtures('ng');
const wantedSchema = z.array(z.looseObject({ message: z.string() })).min(1);

describe('refused manifests', () => {
  it('covers the rules of the format', () => {
    expect(all.length).toBeGreaterThanOrEqual(65);
  });

  it.each(all)('$name', async ({ folder, target: [kind, name], expected }) => {
    const index = await loadManifestIndex({ botBottleHome: folder, cwd: null, home: '/home/operator' });
    const { errors } = await catchErrors(() => (kind === 'agent' ? index.agent(name) : index.bottle(name)));
    expect(errors.every((each) => ManifestError.isInstance(each))).toBe(true);
    expect(errors).toHaveLength(wantedSchema.parse(expected['errors']).length);
    for (const [at, { message, ...place }] of wantedSchema.parse(expected['errors']).entries()) {
      const error = errors[at];
      const file = path.relative(folder, error?.file ?? '').replaceAll(path.sep, '/');
      expect({ ...error?.data, file }).toMatchObject(place);
      expect(error?.message).toContain(message);
    }
  });
});
