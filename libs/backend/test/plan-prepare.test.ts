import { chmod, mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSettings, pathLookup, preparePlan } from '../src/index.ts';
import { sampleAgent, sampleRoute } from './sample-agent.ts';
import { sampleHost, samplePlan, sampleRequest } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

const provider = sampleAgent().bottle.agentProvider;
const egress = sampleAgent().bottle.egress;
const claude = { ...provider, template: 'claude', command: null };
const withRoute = (route: Parameters<typeof sampleRoute>[0], env = {}) =>
  sampleAgent({ bottle: { egress: { ...egress, routes: [sampleRoute(route)] }, env } });
const bearer = (tokenRef: string) => ({
  scheme: 'Bearer' as const,
  tokenRef,
  header: null,
  username: null,
  wildcard: false,
});

/** Of a token that has the form of one. */
function codexLogin(): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ exp: 4e9 })}.c2ln`;
  return JSON.stringify({ auth_mode: 'chatgpt', tokens: { access_token: token } });
}

describe('preparePlan', () => {
  it('resolves a command bottle and leaves nothing behind', async () => {
    const folder = await tempDir();
    const plan = await samplePlan(folder);
    expect(plan.identity).toMatch(/^implementer-[0-9a-z]{5}$/);
    expect(plan).toMatchObject({
      argv: ['sh'],
      stdin: null,
      workdir: '/home/node',
      sidecars: ['egress', 'supervise'],
      skillsDir: '/home/node/.skills',
      env: { BOT_BOTTLE_PROMPT_FILE: '/home/node/.bot-bottle-prompt.txt' },
      stateDir: join(folder, 'home/.bot-bottle/state', plan.identity),
    });
    expect(plan.programs).toHaveLength(1);
    expect(await readdir(join(folder, 'home/.bot-bottle'))).toEqual([]);
  });

  it('is frozen through and through, and survives JSON', async () => {
    const plan = await samplePlan(await tempDir(), withRoute({ host: 'api.example.com' }));
    expect(() => Object.assign(plan.routes.table.routes[0] ?? {}, { host: 'evil.example' })).toThrow(
      TypeError,
    );
    expect(() => Object.assign(plan.env, { X: '1' })).toThrow(TypeError);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('does not freeze or share what it was given', async () => {
    const agent = withRoute({ host: 'api.example.com' });
    await samplePlan(await tempDir(), agent);
    expect(Object.isFrozen(agent)).toBe(false);
    expect(Object.isFrozen(agent.bottle.egress.routes)).toBe(false);
  });

  it('holds no value of the host environment', async () => {
    const folder = await tempDir();
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[A-Za-z0-9]{12,24}$/),
        fc.stringMatching(/^[A-Za-z0-9]{12,24}$/),
        async (token, key) => {
          const agent = withRoute(
            { host: 'api.example.com', auth: bearer('API_TOKEN') },
            { KEY: { kind: 'host', name: 'HOST_KEY' }, ASKED: { kind: 'prompt', message: null } },
          );
          const plan = await samplePlan(
            folder,
            agent,
            {},
            { env: { API_TOKEN: `v${token}`, HOST_KEY: `w${key}`, OTHER: `x${token}` } },
          );
          const text = JSON.stringify(plan);
          expect(text).not.toContain(token);
          expect(text).not.toContain(key);
          expect(plan.slotRefs).toEqual({ EGRESS_TOKEN_0: { kind: 'host-env', name: 'API_TOKEN' } });
          expect(plan.forwardedEnv).toEqual([
            { name: 'KEY', ref: { kind: 'host-env', name: 'HOST_KEY' } },
            { name: 'ASKED', ref: { kind: 'prompt', name: 'ASKED', message: null } },
          ]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([{}, { API_TOKEN: '' }])('refuses a token whose variable is missing or empty: %j', async (env) => {
    const planning = samplePlan(
      await tempDir(),
      withRoute({ host: 'api.example.com', auth: bearer('API_TOKEN') }),
      {},
      { env },
    );
    await expect(planning).rejects.toMatchObject({
      code: 'host_env_missing',
      data: { name: 'API_TOKEN' },
      exitCode: 1,
    });
  });

  it('starts claude with bypass, prompt, the operator’s arguments, and the headless prompt last', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'claude'), '#!/bin/sh\n', { mode: 0o755 });
    const agent = sampleAgent({ bottle: { agentProvider: { ...claude, authToken: 'CLAUDE_TOKEN' } } });
    const deps = { env: { CLAUDE_TOKEN: 'sk-real' }, pathLookup: pathLookup(folder) };
    const plan = await samplePlan(
      folder,
      agent,
      { mode: { kind: 'headless', prompt: '--dangerous' }, extraArgs: ['--model', 'opus'] },
      deps,
    );
    expect(plan.argv).toEqual([
      'claude',
      '--dangerously-skip-permissions',
      '--append-system-prompt-file',
      '/home/node/.bot-bottle-prompt.txt',
      '--model',
      'opus',
      '-p',
      '--',
      '--dangerous',
    ]);
    expect(plan.programs).toEqual([join(folder, 'claude')]);
    expect(plan.routes.table.routes).toMatchObject([
      { host: 'api.anthropic.com', auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' }, owner: 'provider' },
    ]);
    expect(plan.env['CLAUDE_CODE_OAUTH_TOKEN']).toBe('egress-placeholder');
    expect(JSON.stringify(plan)).not.toContain('sk-real');
    await expect(samplePlan(folder, agent, { remoteControl: true }, deps)).rejects.toThrow('inference only');
  });

  it('continues a session when an identity is resumed', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'claude'), '', { mode: 0o755 });
    const agent = sampleAgent({ prompt: '', bottle: { agentProvider: claude } });
    const plan = await samplePlan(
      folder,
      agent,
      { identity: 'implementer-abcde' },
      { pathLookup: pathLookup(folder) },
    );
    expect(plan.identity).toBe('implementer-abcde');
    expect(plan.argv).toEqual(['claude', '--dangerously-skip-permissions', '--continue']);
    await expect(samplePlan(folder, agent, { identity: '../x' })).rejects.toMatchObject({
      code: 'state_invalid',
    });
  });

  it('passes a headless prompt of the command provider on stdin', async () => {
    const plan = await samplePlan(await tempDir(), sampleAgent(), {
      mode: { kind: 'headless', prompt: 'do it' },
    });
    expect(plan).toMatchObject({ argv: ['sh'], stdin: 'do it' });
  });

  it('runs another command without needing the agent program', async () => {
    const agent = sampleAgent({ bottle: { agentProvider: { ...claude } } });
    const plan = await samplePlan(
      await tempDir(),
      agent,
      { mode: { kind: 'command', argv: ['true'] } },
      { pathLookup: async () => null },
    );
    expect(plan).toMatchObject({ argv: ['true'], programs: [] });
  });

  it('names a program that is missing, and finds none through a relative PATH', async () => {
    await expect(
      samplePlan(await tempDir(), undefined, {}, { pathLookup: pathLookup('.:bin') }),
    ).rejects.toMatchObject({ code: 'program_not_found', data: { program: 'sh' } });
  });

  it('gives a linked program under the name it was found by, and takes a relative command for one of the bottle', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'real-tool'), '', { mode: 0o755 });
    await mkdir(join(folder, 'bin'));
    await symlink('../real-tool', join(folder, 'bin/tool'));
    const agent = (command: string[]) => sampleAgent({ bottle: { agentProvider: { ...provider, command } } });
    const deps = { pathLookup: pathLookup(join(folder, 'bin')) };
    expect((await samplePlan(folder, agent(['tool']), {}, deps)).programs).toEqual([
      join(folder, 'bin/tool'),
    ]);
    expect((await samplePlan(folder, agent(['./agent.sh']), {}, deps)).programs).toEqual([]);
    await chmod(join(folder, 'real-tool'), 0o644);
    await expect(samplePlan(folder, agent(['tool']), {}, deps)).rejects.toMatchObject({
      code: 'program_not_found',
    });
  });

  it('takes a route that asks a human about what it finds', async () => {
    const agent = withRoute({
      host: 'a.example',
      dlp: { outbound: null, inbound: null, onMatch: 'supervise' },
    });
    const { routes } = await samplePlan(await tempDir(), agent);
    const row = routes.table.routes.find(({ host }) => host === 'a.example');
    expect(row?.dlp.on_match).toBe('supervise');
  });

  it.each(['smolmachines'] as const)('fails closed on the backend %s', async (name) => {
    await expect(
      samplePlan(await tempDir(), undefined, { backend: { name, reason: '' } }),
    ).rejects.toMatchObject({ code: 'not_available' });
  });

  it('refuses a provider that is not there', async () => {
    const agent = sampleAgent({ bottle: { agentProvider: { ...provider, template: 'nobody' } } });
    await expect(samplePlan(await tempDir(), agent)).rejects.toMatchObject({ code: 'unknown_provider' });
  });

  it('checks the agent’s program only where it is what runs', async () => {
    const folder = await tempDir();
    const agentProvider = { ...provider, template: 'codex', forwardHostCredentials: true };
    const agent = sampleAgent({ bottle: { agentProvider } });
    await expect(samplePlan(folder, agent)).rejects.toMatchObject({ code: 'host_login' });
    await mkdir(join(folder, 'home/.codex'));
    await writeFile(join(folder, 'home/.codex/auth.json'), codexLogin());
    const mode = { kind: 'command', argv: ['true'] } as const;
    const plan = await samplePlan(folder, agent, { mode });
    expect(plan.provision.verify).toEqual([]);
    expect(plan.provision.preCopy).toHaveLength(1);
    expect(plan.slotRefs).toMatchObject({ EGRESS_TOKEN_0: { kind: 'provider-file' } });
  });

  it('takes hosts, proxy and CA file from the settings', async () => {
    const folder = await tempDir();
    const settings = await parseSettings(
      'hosts: {a.test: 127.0.0.1}\nupstream_proxy: {url: http://p:1, auth_env: PA}\nno_proxy: [x]\nextra_ca_file: /ca.pem',
      join(folder, 's.yml'),
    );
    const plan = await samplePlan(folder, undefined, {}, { settings, env: { PA: 'user:hunter22' } });
    expect(plan.egress).toMatchObject({
      hosts: { 'a.test': '127.0.0.1' },
      extraCaFile: '/ca.pem',
      upstreamProxy: { url: 'http://p:1', noProxy: ['x'], hasCredentials: true },
    });
    expect(plan.slotRefs).toEqual({ EGRESS_UPSTREAM_PROXY_AUTH: { kind: 'host-env', name: 'PA' } });
    expect(JSON.stringify(plan)).not.toContain('hunter22');
    await expect(samplePlan(folder, undefined, {}, { settings })).rejects.toMatchObject({
      code: 'host_env_missing',
    });
  });
});

describe('skills', () => {
  const agent = sampleAgent({ skills: ['review'] });

  it('come from the home folder before the vendor’s', async () => {
    const folder = await tempDir();
    const { deps, hostHome } = await sampleHost(folder);
    await mkdir(join(hostHome, '.skills/review'), { recursive: true });
    await writeFile(join(hostHome, '.skills/review/SKILL.md'), 'vendor');
    expect((await preparePlan(sampleRequest(agent), deps)).skills[0]?.source).toBe(
      join(hostHome, '.skills/review'),
    );
    await mkdir(join(deps.botBottleHome, 'skills/review/scripts'), { recursive: true });
    await writeFile(join(deps.botBottleHome, 'skills/review/scripts/run.sh'), '', { mode: 0o755 });
    const plan = await preparePlan(sampleRequest(agent), deps);
    expect(plan.skills[0]?.files).toEqual([
      {
        path: '/home/node/.skills/review/scripts/run.sh',
        mode: 0o755,
        source: { hostPath: join(deps.botBottleHome, 'skills/review/scripts/run.sh') },
      },
    ]);
  });

  it('that are missing are an error that says where it was looked', async () => {
    await expect(samplePlan(await tempDir(), agent)).rejects.toMatchObject({
      code: 'skill_invalid',
      hint: expect.stringContaining('skills') as string,
    });
  });

  it.each([
    ['a link that leaves', async (skill: string) => await symlink('/etc/passwd', join(skill, 'link'))],
    ['a link to a folder outside', async (skill: string) => await symlink('/etc', join(skill, 'link'))],
    ['a dangling link', async (skill: string) => await symlink('nowhere', join(skill, 'link'))],
    ['a link loop', async (skill: string) => await symlink('.', join(skill, 'link'))],
    [
      'too much',
      async (skill: string) => {
        await writeFile(join(skill, 'big'), '');
        await truncate(join(skill, 'big'), 20 * 1024 * 1024 + 1);
      },
    ],
  ])('with %s are refused', async (_what, spoil) => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    const skill = join(deps.botBottleHome, 'skills/review');
    await mkdir(skill, { recursive: true });
    await spoil(skill);
    await expect(preparePlan(sampleRequest(agent), deps)).rejects.toMatchObject({ code: 'skill_invalid' });
  });

  it('may link within themselves', async () => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    const skill = join(deps.botBottleHome, 'skills/review');
    await mkdir(skill, { recursive: true });
    await writeFile(join(skill, 'a'), '');
    await symlink('a', join(skill, 'b'));
    expect((await preparePlan(sampleRequest(agent), deps)).skills[0]?.files).toHaveLength(2);
  });

  it('that are a link themselves, or are named like a path, are refused', async () => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    await mkdir(join(deps.botBottleHome, 'skills'), { recursive: true });
    await symlink('/etc', join(deps.botBottleHome, 'skills/review'));
    await expect(preparePlan(sampleRequest(agent), deps)).rejects.toMatchObject({ code: 'skill_invalid' });
    await expect(
      preparePlan(sampleRequest(sampleAgent({ skills: ['../../etc'] })), deps),
    ).rejects.toMatchObject({ code: 'skill_invalid' });
  });
});

describe('the tools of the supervise sidecar', () => {
  const agentOf = (template: string, supervise: boolean) =>
    sampleAgent({
      bottle: { supervise, agentProvider: { ...sampleAgent().bottle.agentProvider, template } },
    });
  const planOf = async (template: string, supervise: boolean, command = false) => {
    const folder = await tempDir();
    const claude = join(folder, 'claude');
    await writeFile(claude, '#!/bin/sh\n', { mode: 0o755 });
    return await samplePlan(
      folder,
      agentOf(template, supervise),
      command ? { mode: { kind: 'command', argv: ['true'] } } : {},
      { pathLookup: pathLookup(`${folder}:/usr/bin:/bin`) },
    );
  };

  it('are registered with the provider that has a way to', async () => {
    const { sidecars, superviseCommands } = await planOf('claude', true);
    expect(sidecars).toEqual(['egress', 'supervise']);
    expect(superviseCommands.map(({ argv }) => argv.join(' '))).toEqual([
      'claude mcp add-json --scope user supervise {"type":"http","url":"http://supervise:9100","alwaysLoad":true}',
    ]);
    expect((await planOf('command', true)).superviseCommands).toEqual([]);
  });

  it('are not there for `supervise: false`, and a command of the operator does not wait for them', async () => {
    expect(await planOf('claude', false)).toMatchObject({ sidecars: ['egress'], superviseCommands: [] });
    expect(await planOf('claude', true, true)).toMatchObject({
      sidecars: ['egress', 'supervise'],
      superviseCommands: [],
    });
  });
});
