import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadManifestIndex } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { fixtures } from './support/fixtures.ts';

const all = fixtures('ok');

describe('accepted manifests', () => {
  it('covers the sections of the format', () => {
    expect(all.length).toBeGreaterThanOrEqual(20);
  });

  it.each(all)('$name', async ({ folder, target: [kind, name], expected }) => {
    const index = await loadManifestIndex({ botBottleHome: folder, cwd: null, home: '/home/operator' });
    const found = kind === 'agent' ? await index.agent(name) : await index.bottle(name);
    expect(JSON.parse(JSON.stringify(found).replaceAll(folder, '<home>'))).toEqual(expected['effective']);
  });

  it('binds an agent to the bytes of its file', async () => {
    const fixture = all.find((each) => each.name === 'agent-minimal');
    const folder = fixture?.folder ?? '';
    const index = await loadManifestIndex({ botBottleHome: folder, cwd: null });
    const { contentHash, file } = await index.agent('me');
    expect(contentHash).toBe(
      createHash('sha256')
        .update(readFileSync(file ?? ''))
        .digest('hex'),
    );
  });
});
