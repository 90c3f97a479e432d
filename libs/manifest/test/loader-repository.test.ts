import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadManifestIndex } from '@bot-bottle/manifest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catchErrors } from './support/catch-errors.ts';

let root: string;
const at = (file: string): string => path.join(root, file);
const write = (file: string, text: string): void => {
  mkdirSync(path.dirname(at(file)), { recursive: true });
  writeFileSync(at(file), text);
};
const load = () => loadManifestIndex({ botBottleHome: at('home/.bot-bottle'), cwd: at('repo') });
const agent = '---\nbottle: dev\n---\nfrom the repository';

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'manifest-'));
  write('home/.bot-bottle/bottles/dev.md', '---\n---\n');
  write('home/.bot-bottle/agents/me.md', '---\nbottle: dev\n---\nfrom home');
  mkdirSync(at('repo'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('an agent of a repository', () => {
  it('comes before the home agent of the same name, which it names', async () => {
    write('repo/.bot-bottle/agents/me.md', agent);
    const index = await load();
    const replaces = at('home/.bot-bottle/agents/me.md');
    expect(index.agents).toEqual([
      { name: 'me', file: at('repo/.bot-bottle/agents/me.md'), source: 'repository', replaces },
    ]);
    expect(await index.agent('me')).toMatchObject({
      source: 'repository',
      prompt: 'from the repository',
      replaces,
    });
  });

  it('cannot bring bottles: they are ignored with a warning that names the folder', async () => {
    write('repo/.bot-bottle/bottles/dev.md', '---\nsupervise: false\n---\n');
    write('repo/.bot-bottle/bottles/evil.md', '---\n---\n');
    const index = await load();
    expect(index.bottles.map((each) => each.name)).toEqual(['dev']);
    expect(index.warnings).toMatchObject([
      { code: 'repository_bottles_ignored', file: at('repo/.bot-bottle/bottles') },
    ]);
    expect((await index.bottle('dev')).supervise).toBe(true);
  });

  it('cannot use a bottle that forbids it, also when a parent does', async () => {
    write('home/.bot-bottle/bottles/base.md', '---\nrepository_agents: false\n---\n');
    write('home/.bot-bottle/bottles/dev.md', '---\nextends: base\n---\n');
    write('repo/.bot-bottle/agents/me.md', agent);
    const { errors } = await catchErrors(async () => (await load()).agent('me'));
    expect(errors[0]).toMatchObject({ code: 'repository_agent_refused', path: 'bottle', line: 2, column: 9 });
  });

  it('is not read through a link, and does not fall back to the home agent', async () => {
    write('secret.md', '---\nbottle: dev\n---\nsecret');
    mkdirSync(at('repo/.bot-bottle/agents'), { recursive: true });
    symlinkSync(at('secret.md'), at('repo/.bot-bottle/agents/me.md'));
    const { errors } = await catchErrors(async () => (await load()).agent('me'));
    expect(errors[0]).toMatchObject({ code: 'unsafe_file', file: at('repo/.bot-bottle/agents/me.md') });
  });

  it.each(['repo/.bot-bottle', 'repo/.bot-bottle/agents'])(
    'is not looked for through the linked folder %s',
    async (folder) => {
      write('elsewhere/agents/evil.md', agent);
      write('elsewhere/evil.md', agent);
      mkdirSync(path.dirname(at(folder)), { recursive: true });
      symlinkSync(at(folder.endsWith('agents') ? 'elsewhere' : 'elsewhere'), at(folder));
      const index = await load();
      expect(index.agents.map((each) => each.source)).toEqual(['home']);
      expect(index.warnings.map((each) => each.code)).toContain('repository_folder_ignored');
    },
  );

  it('is refused when its folder is swapped for a link after the listing', async () => {
    write('repo/.bot-bottle/agents/me.md', agent);
    write('elsewhere/me.md', agent);
    const index = await load();
    renameSync(at('repo/.bot-bottle/agents'), at('repo/old'));
    symlinkSync(at('elsewhere'), at('repo/.bot-bottle/agents'));
    const { errors } = await catchErrors(() => index.agent('me'));
    expect(errors[0]?.code).toBe('unsafe_file');
  });

  it('cannot hang the loader with a named pipe', async () => {
    mkdirSync(at('repo/.bot-bottle/agents'), { recursive: true });
    execFileSync('mkfifo', [at('repo/.bot-bottle/agents/me.md')]);
    const { errors } = await catchErrors(async () => (await load()).agent('me'));
    expect(errors[0]?.code).toBe('unsafe_file');
  });

  it('cannot be larger than 256 KiB', async () => {
    write('repo/.bot-bottle/agents/me.md', `${agent}${'x'.repeat(256 * 1024)}`);
    const { errors } = await catchErrors(async () => (await load()).agent('me'));
    expect(errors[0]?.code).toBe('too_large');
  });

  it('that is broken does not hide the others', async () => {
    write('repo/.bot-bottle/agents/bad.md', 'broken');
    const index = await load();
    await expect(index.agent('bad')).rejects.toThrow(/front matter/);
    await expect(index.agent('me')).resolves.toMatchObject({ prompt: 'from home' });
  });

  it('cannot come in numbers that stop the listing', async () => {
    for (let index = 0; index < 1005; index += 1) write(`repo/.bot-bottle/agents/a${index}.md`, agent);
    const index = await load();
    expect(index.agents).toHaveLength(1001);
    expect(index.warnings.map((each) => each.code)).toEqual(['too_many_files']);
  });

  it('is none when the working folder is the home of the operator', async () => {
    const index = await loadManifestIndex({ botBottleHome: at('home/.bot-bottle'), cwd: at('home') });
    expect(index.agents.map((each) => each.source)).toEqual(['home']);
    expect(index.warnings).toEqual([]);
  });
});
