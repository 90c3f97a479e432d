import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gateRepoSchema } from '@bot-bottle/git-gate';
import { describe, expect, it } from 'vitest';
import { parseSettings, pathLookup, preflightJson, renderPreflight, type BottlePlan } from '../src/index.ts';
import { agentWithRepos, sampleRepo } from './sample-repo.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

interface Host {
  readonly folder: string;
  readonly keyFile: string;
  readonly programs: (...names: string[]) => Promise<void>;
  readonly plan: (
    repos: ReturnType<typeof sampleRepo>[],
    settings?: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<BottlePlan>;
}

/** A machine with a key and only the programs that it is given. */
async function machine(): Promise<Host> {
  const folder = await tempDir();
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, 'PRIVATE-TEXT', { mode: 0o600 });
  const programs = async (...names: string[]): Promise<void> => {
    for (const name of names) await writeFile(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  };
  await programs('sh');
  return {
    folder,
    keyFile,
    programs,
    plan: async (repos, settings = '', env = {}) =>
      await samplePlan(
        folder,
        agentWithRepos(...repos),
        {},
        {
          pathLookup: pathLookup(folder),
          settings: await parseSettings(settings, join(folder, 'settings.yml')),
          env,
        },
      ),
  };
}

const identity = (path: string) => ({ kind: 'identity' as const, path });
const provisioned = {
  kind: 'provisioned' as const,
  provider: 'gitea' as const,
  tokenRef: 'FORGE_TOKEN',
  apiUrl: null,
  readOnly: true,
};

describe('the plan of a git gate', () => {
  it('is absent, with its sidecar, when the bottle declares no repository', async () => {
    const plan = await (await machine()).plan([]);
    expect(plan.gitGate).toBeNull();
    expect(plan.sidecars).toEqual(['egress', 'supervise']);
  });

  it('names repositories, keys by slot, programs and scanner, and holds no secret', async () => {
    const { folder, keyFile, programs, plan } = await machine();
    await programs('git', 'ssh', 'gitleaks');
    const made = await plan(
      [sampleRepo('b', { key: provisioned }), sampleRepo('a', { key: identity(keyFile) })],
      '',
      { FORGE_TOKEN: 'forge-secret' },
    );
    const gate = made.gitGate;
    expect(made.sidecars).toEqual(['egress', 'git-gate', 'supervise']);
    for (const repo of gate?.repos ?? []) expect(gateRepoSchema.parse(repo)).toEqual(repo);
    const slotOf = (name: string): string =>
      gate?.repos.find((repo) => repo.name === name)?.key_slot ?? 'no slot';
    expect(gate?.keyRefs).toEqual({ [slotOf('a')]: { kind: 'file', path: keyFile } });
    expect(gate?.provisioned).toEqual([
      {
        repo: 'b',
        slot: slotOf('b'),
        forge: 'gitea',
        host: 'git.example.com',
        apiUrl: null,
        repoPath: '/org/b.git',
        tokenRef: { kind: 'host-env', name: 'FORGE_TOKEN' },
        readOnly: true,
      },
    ]);
    expect(gate?.programs).toEqual({
      git: join(folder, 'git'),
      ssh: join(folder, 'ssh'),
      gitleaks: join(folder, 'gitleaks'),
    });
    expect(JSON.stringify(made)).not.toMatch(/PRIVATE-TEXT|forge-secret/);
    expect(Object.isFrozen(gate?.repos[0]?.push)).toBe(true);
  });

  it.each([
    ['git', ['ssh'], 'sudo apt-get install git'],
    ['ssh', ['git'], 'sudo apt-get install openssh-client'],
  ])('refuses a machine without %s and names the package', async (missing, there, hint) => {
    const { keyFile, programs, plan } = await machine();
    await programs(...there);
    await expect(plan([sampleRepo('a', { key: identity(keyFile) })])).rejects.toMatchObject({
      code: 'program_not_found',
      exitCode: 1,
      message: expect.stringContaining(missing) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it.each([
    ['', [], { name: 'builtin', reason: 'gitleaks is not installed' }],
    ['git_gate: {scanner: builtin}', ['gitleaks'], { name: 'builtin', reason: 'settings.yml' }],
    ['git_gate: {scanner: gitleaks}', ['gitleaks'], { name: 'gitleaks', reason: 'settings.yml' }],
    [
      'git_gate: {gitleaks: mine}',
      ['mine', 'gitleaks'],
      { name: 'gitleaks', reason: expect.stringMatching(/mine$/) },
    ],
  ])('with settings %j and %j the scanner is told with its reason', async (settings, there, used) => {
    const { keyFile, programs, plan } = await machine();
    await programs('git', 'ssh', ...there);
    const made = await plan([sampleRepo('a', { key: identity(keyFile) })], settings);
    expect(made.gitGate?.scannerUsed).toEqual(used);
  });

  it.each(['git_gate: {scanner: gitleaks}', 'git_gate: {gitleaks: /none/gitleaks}'])(
    'never falls back to another scanner than %j asks for',
    async (settings) => {
      const { keyFile, programs, plan } = await machine();
      await programs('git', 'ssh');
      await expect(plan([sampleRepo('a', { key: identity(keyFile) })], settings)).rejects.toMatchObject({
        code: 'program_not_found',
        message: expect.stringContaining('settings.yml') as string,
      });
    },
  );

  it('refuses a key file that is not there, and a forge token that is not set', async () => {
    const { programs, plan } = await machine();
    await programs('git', 'ssh');
    await expect(plan([sampleRepo('a')])).rejects.toMatchObject({
      code: 'secret_unavailable',
      message: 'the key file /nonexistent/key does not exist',
    });
    await expect(plan([sampleRepo('a', { key: provisioned })])).rejects.toMatchObject({
      code: 'host_env_missing',
      data: { name: 'FORGE_TOKEN' },
    });
  });

  it('refuses a deploy key for what no forge has as a repository', async () => {
    const { programs, plan } = await machine();
    await programs('git', 'ssh');
    const repo = sampleRepo('a', { key: provisioned, path: '/only-one-part.git' });
    await expect(plan([repo], '', { FORGE_TOKEN: 'forge-secret' })).rejects.toMatchObject({
      code: 'invalid_target',
    });
  });

  it('says that a forge is not reached through the corporate proxy', async () => {
    const { programs, plan } = await machine();
    await programs('git', 'ssh');
    const settings = 'upstream_proxy: http://proxy.corp:3128\nextra_ca_file: /corp.pem';
    const made = await plan([sampleRepo('a', { key: provisioned })], settings, {
      FORGE_TOKEN: 'forge-secret',
    });
    expect(made.warnings).toEqual([
      'deploy keys are registered without upstream_proxy and extra_ca_file of settings.yml',
    ]);
  });

  it('goes on without a host key, and warns with what to add', async () => {
    const { keyFile, programs, plan } = await machine();
    await programs('git', 'ssh');
    const made = await plan([sampleRepo('a', { key: identity(keyFile), hostKey: null })]);
    expect(made.gitGate?.repos[0]?.host_key).toBeNull();
    expect(made.warnings).toEqual([
      'the git gate refuses a until git-gate.repos.a.host_key is given: bot-bottle doctor implementer --host-keys prints that of git.example.com',
    ]);
  });
});

describe('the preflight of a git gate', () => {
  it('shows where each repository goes, its policy, and what marks it', async () => {
    const { keyFile, programs, plan } = await machine();
    await programs('git', 'ssh');
    const made = await plan(
      [
        sampleRepo('a', { key: identity(keyFile), port: 2222 }),
        sampleRepo('b', { key: provisioned }),
        sampleRepo('c', { key: identity(keyFile), hostKey: null }),
      ],
      '',
      { FORGE_TOKEN: 'forge-secret' },
    );
    const text = renderPreflight(made);
    expect(text).toMatch(/^ {2}git gate {6}a → git\.example\.com:2222 \[.*agent\/\*\*.*\]$/m);
    expect(text).toMatch(/ b → git\.example\.com:22 \[.*\] \[key made for this launch\]$/m);
    expect(text).toMatch(/ c → git\.example\.com:22 \[.*\] \[NO HOST KEY: refused\]$/m);
    expect(text).toContain('scanner builtin (gitleaks is not installed)');
    expect(text).not.toContain('forge-secret');
    expect(preflightJson(made)).toMatchObject({
      git_gate: [
        { name: 'a', port: 2222, key: 'identity', host_key: true },
        { name: 'b', key: 'provisioned', host_key: true },
        { name: 'c', key: 'identity', host_key: false },
      ],
      git_gate_scanner: { name: 'builtin', reason: 'gitleaks is not installed' },
    });
  });
});
