import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defineProvider, findProvider, loadPlugin, type AgentProvider } from '../src/index.ts';
import { sampleContext } from './sample-context.ts';

const api = new URL('../src/index.ts', import.meta.url);

async function contrib(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bot-bottle-contrib-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true, mode: 0o755 });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const plugin = (body: string, name = 'mine'): Record<string, string> => ({
  [`${name}/provider.mjs`]: `export default { name: ${JSON.stringify(name)}, ${body} };`,
});
const least =
  "runtime: () => ({ command: ['tool'], headlessArgs: (prompt) => ({ args: [prompt], stdin: null }) })";

async function loaded(body: string): Promise<AgentProvider> {
  const provider = await loadPlugin({ contrib: await contrib(plugin(body)), name: 'mine', api });
  if (provider === null) throw new Error('not found');
  return provider;
}

describe('a plugin', () => {
  it('needs little more than a command, and says where it came from', async () => {
    const provider = await loaded(`${least}, plan: () => ({})`);
    expect(provider).toMatchObject({ name: 'mine', skillsDir: '.skills' });
    expect(provider.origin).toMatch(/mine\/provider\.mjs$/);
    expect(findProvider('mine', [provider])).toBe(provider);
    expect(provider.runtime(sampleContext())).toMatchObject({
      command: ['tool'],
      image: 'bot-bottle-command',
      dockerfile: null,
      bypassArgs: [],
    });
    expect(await provider.plan(sampleContext())).toMatchObject({ env: {}, files: [], egressRoutes: [] });
    expect(provider.superviseCommands('http://supervise:9100')).toEqual([]);
  });

  it('gets the settings of the bottle, and its plan the usual modes', async () => {
    const provider = await loaded(`${least}, plan: async ({ bottle, guestHome }) => ({
      env: { MODEL: bottle.agentProvider.settings.model },
      files: [{ path: guestHome + '/.tool', source: { content: 'x' } }],
      egressRoutes: [{ host: 'api.example.com', auth: { scheme: 'header', header: 'x-key', tokenRef: 'KEY' } }],
      secretRefs: { KEY: { kind: 'host-env', name: 'KEY' } },
    })`);
    expect(await provider.plan(sampleContext({ settings: { model: 'm-1' } }))).toEqual({
      env: { MODEL: 'm-1' },
      hiddenEnvNames: [],
      dirs: [],
      files: [{ path: '/home/node/.tool', mode: 0o600, source: { content: 'x' } }],
      preCopy: [],
      verify: [],
      egressRoutes: [
        { host: 'api.example.com', auth: { scheme: 'header', header: 'x-key', tokenRef: 'KEY' } },
      ],
      secretRefs: { KEY: { kind: 'host-env', name: 'KEY' } },
    });
  });

  it('is built of the Dockerfile beside it unless the bottle names another one', async () => {
    const folder = await contrib({ ...plugin(`${least}, plan: () => ({})`), 'mine/Dockerfile': 'FROM x\n' });
    const provider = await loadPlugin({ contrib: folder, name: 'mine', api });
    expect(provider?.runtime(sampleContext()).dockerfile).toBe(join(folder, 'mine/Dockerfile'));
    expect(provider?.runtime(sampleContext({ dockerfile: '/own/Dockerfile' })).dockerfile).toBe(
      '/own/Dockerfile',
    );
  });

  it('is not there, which is no error', async () => {
    expect(await loadPlugin({ contrib: await contrib({}), name: 'mine', api })).toBeNull();
    expect(await loadPlugin({ contrib: '/nonexistent', name: 'mine', api })).toBeNull();
  });

  it('harms nobody else when it is broken', async () => {
    const folder = await contrib({ ...plugin(`${least}, plan: () => ({})`), ...plugin('}}}', 'broken') });
    expect(await loadPlugin({ contrib: folder, name: 'mine', api })).toMatchObject({ name: 'mine' });
    await expect(loadPlugin({ contrib: folder, name: 'broken', api })).rejects.toMatchObject({
      code: 'invalid_provider',
      message: expect.stringContaining('broken/provider.mjs: loading it failed'),
    });
  });

  it.each([
    ['no file', { 'mine/README.md': 'x' }, 'it is not there'],
    ['no default export', { 'mine/provider.mjs': 'export const x = 1;' }, 'default export'],
    [
      'a throwing module',
      { 'mine/provider.mjs': "throw new Error('first\\nsecond');" },
      'loading it failed: first',
    ],
    ['a module that hangs', { 'mine/provider.mjs': 'await new Promise(() => {});' }, 'does not load within'],
    [
      'another name',
      { 'mine/provider.mjs': `export default { name: 'other', ${least}, plan: () => ({}) };` },
      'is called other',
    ],
    ['an unknown key', plugin(`${least}, plan: () => ({}), planet: 1`), 'planet'],
    [
      'no functions',
      plugin("runtime: 1, plan: 'x'"),
      'runtime: must be a function; plan: must be a function',
    ],
    [
      'skills elsewhere',
      plugin(`${least}, plan: () => ({}), skillsDir: '../x'`),
      'skillsDir: must be a path below the home',
    ],
  ])('with %s is refused by name', async (_what, files, message) => {
    await expect(
      loadPlugin({ contrib: await contrib(files), name: 'mine', api, limitMs: 2000 }),
    ).rejects.toMatchObject({ code: 'invalid_provider', message: expect.stringContaining(message) });
  });

  it.each([
    ['throws', "() => { throw new Error('no luck') }", 'plan() failed: no luck'],
    ['gives nothing', '() => undefined', 'what plan() gives is not valid'],
    [
      'writes outside',
      "() => ({ files: [{ path: 'x', source: { content: '' } }] })",
      'files.0.path: must be an absolute path',
    ],
    ['sets odd variables', "() => ({ env: { 'A=B': 'x' } })", 'env'],
    ['sets modes with bits', "() => ({ dirs: [{ path: '/home/node/x', mode: 0o4755 }] })", 'dirs.0.mode'],
    ['invents keys', '() => ({ routes: [] })', 'routes'],
    ['holds values', "() => ({ secretRefs: { KEY: 'sk-planted' } })", 'secretRefs.KEY'],
  ])('whose plan %s is refused by name', async (_what, plan, message) => {
    const provider = await loaded(`${least}, plan: ${plan}`);
    const error: unknown = await Promise.resolve(provider.plan(sampleContext())).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'invalid_provider', message: expect.stringContaining(message) });
    expect(String(error)).not.toContain('sk-planted');
  });

  it('that others can write to is not run', async () => {
    const files = plugin(`${least}, plan: () => ({})`);
    for (const path of ['', 'mine', 'mine/provider.mjs']) {
      const folder = await contrib(files);
      await chmod(join(folder, path), 0o777);
      await expect(loadPlugin({ contrib: folder, name: 'mine', api })).rejects.toThrow(
        'can be written by other users',
      );
    }
    const [folder, open] = [await contrib({}), await contrib(files)];
    await chmod(join(open, 'mine/provider.mjs'), 0o666);
    await symlink(join(open, 'mine'), join(folder, 'mine'));
    await expect(loadPlugin({ contrib: folder, name: 'mine', api })).rejects.toThrow(
      'can be written by other users',
    );
  });
});

describe('defineProvider', () => {
  it('tells everything that is wrong at once', () => {
    // @ts-expect-error a plugin may be plain JavaScript
    expect(() => defineProvider({ name: 'Mine', runtime: 1 })).toThrow(/name: .*; runtime: .*; plan: /);
  });
});
