import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadManifestIndex } from '@bot-bottle/manifest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catchErrors } from './support/catch-errors.ts';

let home: string;
const write = (file: string, text: string): void => {
  const target = path.join(home, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
};
const load = () => loadManifestIndex({ botBottleHome: home, cwd: null });

beforeEach(() => {
  home = path.join(mkdtempSync(path.join(tmpdir(), 'manifest-')), 'home');
});
afterEach(() => rmSync(path.dirname(home), { recursive: true, force: true }));

describe('the home folder', () => {
  it('may be missing', async () => {
    expect(await load()).toMatchObject({ agents: [], bottles: [], warnings: [] });
  });

  it('lists names without reading the files', async () => {
    write('bottles/b.md', 'broken');
    write('bottles/a.md', '---\n---\n');
    write('agents/me.md', 'broken');
    const index = await load();
    expect(index.bottles.map((each) => each.name)).toEqual(['a', 'b']);
    expect(index.agents).toEqual([
      { name: 'me', file: path.join(home, 'agents/me.md'), source: 'home', replaces: null },
    ]);
  });

  it('keeps the others usable when one file is broken', async () => {
    write('bottles/good.md', '---\n---\n');
    write('bottles/bad.md', 'broken');
    const index = await load();
    await expect(index.bottle('good')).resolves.toMatchObject({ name: 'good' });
    await expect(index.bottle('bad')).rejects.toThrow(
      /bad\.md:1:1: the file does not start with front matter/,
    );
  });

  it('skips other Markdown files with a warning and anything else in silence', async () => {
    for (const file of ['README.md', '1st.md', 'a_b.md', 'a\u001b[2J.md']) write(`bottles/${file}`, '');
    for (const file of ['notes.txt', '.a.md.swp', 'a.md.bak']) write(`bottles/${file}`, '');
    const index = await load();
    expect(index.bottles).toEqual([]);
    expect(index.warnings.map((each) => each.code)).toEqual(Array.from({ length: 4 }, () => 'skipped_file'));
    expect(JSON.stringify(index.warnings.map((each) => each.message))).not.toContain('u001b');
  });

  it('may hold links, as dotfile managers make them', async () => {
    write('elsewhere.txt', '---\nsupervise: false\n---\n');
    mkdirSync(path.join(home, 'bottles'));
    symlinkSync(path.join(home, 'elsewhere.txt'), path.join(home, 'bottles/dev.md'));
    expect((await (await load()).bottle('dev')).supervise).toBe(false);
  });

  it('refuses a folder in the place of a file', async () => {
    mkdirSync(path.join(home, 'bottles/dev.md'), { recursive: true });
    const { errors } = await catchErrors(async () => (await load()).bottle('dev'));
    expect(errors[0]?.code).toBe('unsafe_file');
  });

  it('refuses a file of more than 256 KiB', async () => {
    write('bottles/dev.md', `---\n---\n${'x'.repeat(256 * 1024)}`);
    const { errors } = await catchErrors(async () => (await load()).bottle('dev'));
    expect(errors[0]?.code).toBe('too_large');
  });

  it.skipIf(process.getuid?.() === 0)('names a file that cannot be read', async () => {
    write('bottles/dev.md', '---\n---\n');
    chmodSync(path.join(home, 'bottles/dev.md'), 0);
    const { errors } = await catchErrors(async () => (await load()).bottle('dev'));
    expect(errors[0]?.code).toBe('unreadable_file');
  });

  it('explains what became of a bot-bottle.json beside it', async () => {
    write('../bot-bottle.json', '{}');
    await expect(load()).rejects.toThrow(/manifests are Markdown files now/);
    write('bottles/dev.md', '---\n---\n');
    await expect(load()).resolves.toBeDefined();
  });

  it('explains what became of a bot-bottle.json inside it', async () => {
    write('bot-bottle.json', '{}');
    await expect(load()).rejects.toThrow(/bottles\/<name>\.md/);
  });

  it('reads a bottle again each time it is asked for', async () => {
    write('bottles/dev.md', '---\nsupervise: true\n---\n');
    const index = await load();
    expect((await index.bottle('dev')).supervise).toBe(true);
    write('bottles/dev.md', '---\nsupervise: false\n---\n');
    expect((await index.bottle('dev')).supervise).toBe(false);
  });

  it.each(['../../etc/passwd', 'nope', '', 'constructor'])('has no agent or bottle %j', async (name) => {
    const index = await load();
    await expect(index.agent(name)).rejects.toThrow(/there is no agent/);
    await expect(index.bottle(name)).rejects.toThrow(/there is no bottle/);
  });
});
