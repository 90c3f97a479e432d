import { chmod, cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogue } from '../src/catalogue.ts';
import { folderTag } from '../src/context/folder-tag.ts';
import { makeContext } from '../src/context/make-context.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bot-bottle-context-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

describe('the tag of an image', () => {
  const tagOf = (changes: { baseId?: string; buildArgs?: Record<string, string> } = {}): Promise<string> =>
    folderTag({ folder, baseId: 'sha256:1', buildArgs: {}, ...changes });

  beforeEach(async () => {
    await writeFile(join(folder, 'Dockerfile'), 'FROM x');
    await writeFile(join(folder, 'main.js'), 'one', { mode: 0o644 });
  });

  it('stays with the same input', async () => {
    const before = await tagOf();
    expect(before).toMatch(/^[0-9a-f]{12}$/);
    await writeFile(join(folder, 'main.js'), 'one');
    expect(await tagOf()).toBe(before);
  });

  it('changes with every input', async () => {
    const tags = [await tagOf()];
    tags.push(await tagOf({ baseId: 'sha256:2' }));
    // The same base by another name is the same image.
    expect(await tagOf({ buildArgs: { BASE_IMAGE: 'b:1' } })).toBe(tags[0]);
    tags.push(await tagOf({ buildArgs: { BASE_IMAGE: 'a:1', EXTRA_PACKAGES: 'jq' } }));
    await chmod(join(folder, 'main.js'), 0o755);
    tags.push(await tagOf());
    await writeFile(join(folder, 'main.js'), 'two');
    tags.push(await tagOf());
    await cp(join(folder, 'main.js'), join(folder, 'other.js'));
    tags.push(await tagOf());
    await writeFile(join(folder, 'Dockerfile'), 'FROM y');
    tags.push(await tagOf());
    expect(new Set(tags).size).toBe(tags.length);
  });
});

describe('a build context', () => {
  const [egress] = catalogue;
  if (egress === undefined) throw new Error('no image');
  const image = { ...egress, files: { 'main.js': 'images/versions.json' } };
  const lay = (prepared = {}): Promise<string> => makeContext(image, prepared, join(folder, 'context'));

  it('has the modes of an image, whatever the umask was', async () => {
    const program = join(folder, 'program');
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o700);
    const context = await lay({ gitleaks: program });
    expect((await stat(join(context, 'gitleaks'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(context, 'start.mjs'))).mode & 0o7777).toBe(0o644);
    // The original is not touched.
    expect((await stat(program)).mode & 0o7777).toBe(0o700);
  });

  it('drops setuid bits', async () => {
    const program = join(folder, 'program');
    await writeFile(program, '');
    await chmod(program, 0o4755);
    expect((await stat(join(await lay({ gitleaks: program }), 'gitleaks'))).mode & 0o7777).toBe(0o755);
  });

  it('says which program was not built', async () => {
    const missing = { ...image, files: { 'main.js': 'sidecars/none/dist/main.js' } };
    await expect(makeContext(missing, {}, join(folder, 'context'))).rejects.toThrow(
      'sidecars/none/dist/main.js is missing: run npm run build first',
    );
  });

  it('has what the Dockerfile copies', async () => {
    const context = await lay();
    for (const name of ['Dockerfile', 'start.mjs', 'own-addresses.mjs', 'health.mjs', 'main.js'])
      expect((await stat(join(context, name))).isFile()).toBe(true);
  });
});
