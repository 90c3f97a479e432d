import path from 'node:path';
import { loadManifestIndex, ManifestError } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { catchErrors } from './support/catch-errors.ts';
import { fixtures } from './support/fixtures.ts';

const all = fixtures('ng');

describe('refused manifests', () => {
  it('covers the rules of the format', () => {
    expect(all.length).toBeGreaterThanOrEqual(65);
  });

  it.each(all)('$name', async ({ folder, target: [kind, name], expected }) => {
    const index = await loadManifestIndex({ botBottleHome: folder, cwd: null, home: '/home/operator' });
    const { errors } = await catchErrors(() => (kind === 'agent' ? index.agent(name) : index.bottle(name)));
    const wanted: unknown = expected['errors'];
    if (!Array.isArray(wanted)) throw new Error('expected.json must list errors');
    const found = errors.map(({ file, line, column, path: where, code, message, hint }) => ({
      file: file === null ? null : path.relative(folder, file).replaceAll(path.sep, '/'),
      line,
      column,
      path: where,
      code,
      message,
      hint,
    }));
    expect(errors.every(ManifestError.isInstance)).toBe(true);
    const firsts = found.slice(0, wanted.length);
    expect(firsts).toMatchObject(wanted.map(({ message: _, ...rest }: { message: string }) => rest));
    for (const [at, each] of wanted.entries()) expect(firsts[at]?.message).toContain(each.message);
  });
});
