import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from './support/client.ts';
import type { Client } from './support/client.ts';
import { gateInput } from './support/gate.ts';
import { createUpstream, sshd } from './support/sshd.ts';
import type { Upstream } from './support/sshd.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

type Line = Readonly<Record<string, unknown>>;

function start(env: NodeJS.ProcessEnv): {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly lines: Line[];
} {
  const child = spawn(process.execPath, ['--conditions=@bot-bottle/source', program], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: Line[] = [];
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  return { child, exited: once(child, 'exit'), lines };
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp('/tmp/git-gate-main-');
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

async function upstreamAndClient(): Promise<{ upstream: Upstream; client: Client }> {
  const upstream = await createUpstream({ everyKeyExchange: true });
  onTestFinished(async () => await upstream.stop());
  await upstream.addRepo('project');
  const client = await createClient();
  onTestFinished(async () => await client.remove());
  return { upstream, client };
}

const event = (lines: readonly Line[], name: string) => lines.find((line) => line['event'] === name);

describe('stand-alone', () => {
  test('tells every problem at once, without values, and exits 2', async () => {
    const folder = await temporary();
    const config = join(folder, 'gate.json');
    const repo = {
      url: 'https://u:hidden-word@x/y',
      identity: '/nowhere',
      host_key: 'ssh-ed25519 A',
      extra: 1,
    };
    await writeFile(
      config,
      JSON.stringify({ repos: { 'bad.git': repo, good: { ...repo, push: { force: 'yes' } } } }),
    );
    const { exited, lines } = start({
      GIT_GATE_CONFIG: config,
      GIT_GATE_SCANNER: 'none',
      GIT_GATE_ACCESS_TOKEN: 'hidden-token',
    });
    expect(await exited).toEqual([2, null]);
    const text = JSON.stringify(lines);
    for (const expected of [
      'GIT_GATE_ROOT',
      'GIT_GATE_SCANNER',
      'repos.bad.git',
      'repos.good.url',
      'repos.good.push.force',
    ])
      expect(text).toContain(expected);
    expect(text).not.toContain('hidden');
  });

  test('a key file that is not there or no private key is named', async () => {
    const folder = await temporary();
    const config = join(folder, 'gate.json');
    await writeFile(join(folder, 'id.pub'), 'ssh-ed25519 AAAA');
    const url = 'ssh://git@example.com/a.git';
    const repos = Object.fromEntries(
      ['id.pub', 'missing'].map((identity, index) => [
        `r${index}`,
        { url, identity, host_key: 'ssh-ed25519 A' },
      ]),
    );
    await writeFile(config, JSON.stringify({ repos }));
    const { exited, lines } = start({ GIT_GATE_CONFIG: config, GIT_GATE_ROOT: join(folder, 'root') });
    expect(await exited).toEqual([2, null]);
    expect(lines.map((line) => line['problem'])).toEqual([
      'GIT_GATE_CONFIG: the key file id.pub cannot be read',
      'GIT_GATE_CONFIG: the key file missing cannot be read',
    ]);
  });

  test.skipIf(sshd === null)(
    'serves, records, asks nobody, and exits 0 on SIGTERM without leaving a key',
    async () => {
      const { upstream, client } = await upstreamAndClient();
      const folder = await temporary();
      await writeFile(join(folder, 'id'), upstream.clientKey, { mode: 0o600 });
      const config = join(folder, 'gate.json');
      const repo = { url: upstream.repoUrl('project'), identity: 'id', host_key: upstream.hostKey };
      await writeFile(config, JSON.stringify({ repos: { project: repo } }));
      const { child, exited, lines } = start({
        GIT_GATE_CONFIG: config,
        GIT_GATE_ROOT: join(folder, 'root'),
        GIT_GATE_LISTEN: '127.0.0.1:0',
        GIT_GATE_SCANNER: 'builtin',
        GIT_GATE_ACCESS_TOKEN: 'stand-alone-token',
        GIT_GATE_AUDIT: join(folder, 'audit'),
        GIT_GATE_SECRET_0: 'value-that-must-not-leave-0123',
      });
      await expect.poll(() => event(lines, 'listening'), { timeout: 10_000 }).toBeDefined();
      const address = String(event(lines, 'listening')?.['address']);
      await client.must('clone', '-q', `http://x:stand-alone-token@${address}/project.git`, 'repo');
      await client.commit('repo', { 'a.txt': 'one\n' });
      const toMain = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:main');
      expect(toMain.stderr).toContain('supervise is false');
      await client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:topic');
      await client.commit('repo', { 'b.txt': 'value-that-must-not-leave-0123\n' });
      expect((await client.git('-C', 'repo', 'push', 'origin', 'HEAD:leak')).stderr).toContain(
        'secret_found',
      );
      expect([...(await upstream.refs('project')).keys()]).toEqual(['refs/heads/main', 'refs/heads/topic']);
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      const audit = await readFile(join(folder, 'audit', 'stand-alone', 'git-gate.jsonl'), 'utf8');
      expect(audit).toContain('push_policy_branch');
      expect(audit).not.toContain('value-that-must-not-leave');
      await expect(readFile(join(folder, 'root', '.keys', 'project.key'))).rejects.toThrow();
    },
  );
});

describe('under a launcher', () => {
  async function launch(): Promise<{
    channel: LauncherChannel;
    events: unknown[];
    proposals: unknown[];
    exited: Promise<unknown[]>;
    child: ChildProcess;
  }> {
    const { child, exited } = start({ BOT_BOTTLE_CONTROL: 'stdio' });
    if (child.stdin === null || child.stdout === null) throw new Error('no pipes');
    const events: unknown[] = [];
    const proposals: unknown[] = [];
    const channel = new LauncherChannel({
      stdin: child.stdin,
      stdout: child.stdout,
      onAudit: async (batch) => void events.push(...batch),
      onProposal: async (proposal) => {
        proposals.push(proposal);
        return { id: '0123456789abcdef' };
      },
    });
    return { channel, events, proposals, exited, child };
  }

  test.skipIf(sshd === null)(
    'takes configuration, asks, applies decisions, and ends with its launcher',
    async () => {
      const { upstream, client } = await upstreamAndClient();
      const { channel, events, proposals, exited, child } = await launch();
      const { config, secrets } = gateInput(
        { upstream, repos: [{ name: 'project' }], supervise: true },
        await temporary(),
      );
      const { listening } = await channel.configure(config, secrets, { timeoutMs: 10_000 });
      await client.must('clone', '-q', `http://${listening[0]}/project.git`, 'repo');
      const oid = await client.commit('repo', { 'a.txt': 'one\n' });
      const pushing = client.git('-C', 'repo', 'push', 'origin', 'HEAD:main');
      await expect.poll(() => proposals.length, { timeout: 10_000 }).toBe(1);
      const decision = { proposal: '0123456789abcdef', outcome: 'approved', reason: '' };
      await expect(
        channel.decide({ ...decision, proposal: 'fedcba9876543210' }, { timeoutMs: 10_000 }),
      ).rejects.toThrow(/no push is held/);
      await channel.decide(decision, { timeoutMs: 10_000 });
      expect((await pushing).code).toBe(0);
      expect((await upstream.refs('project')).get('refs/heads/main')).toBe(oid);
      expect(events).toContainEqual(expect.objectContaining({ action: 'push', outcome: 'held' }));
      await channel.setSecrets({ ...secrets, GIT_GATE_KEY_0: 'not a key' }, { timeoutMs: 10_000 });
      expect((await client.git('-C', 'repo', 'fetch')).stderr).toContain('refresh_failed');
      await expect(channel.setSecrets({}, { timeoutMs: 10_000 })).rejects.toThrow(
        /GIT_GATE_KEY_0 is missing/,
      );
      child.stdin?.end();
      expect(await exited).toEqual([0, null]);
    },
  );

  test('refuses a configuration that it cannot use, naming every problem, and exits 2', async () => {
    const { channel, exited } = await launch();
    const refused = channel.configure({ bottle: 'x', listen: 5, repos: [] }, {}, { timeoutMs: 10_000 });
    await expect(refused).rejects.toMatchObject({
      problems: expect.arrayContaining([expect.stringMatching(/^listen:/), expect.stringMatching(/^root:/)]),
    });
    expect(await exited).toEqual([2, null]);
  });

  test('ends when the launcher is gone before it was configured', async () => {
    const { child, exited } = await launch();
    child.stdin?.end();
    expect(await exited).toEqual([0, null]);
  });
});
