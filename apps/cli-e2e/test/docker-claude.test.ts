import { readFileSync } from 'node:fs';
import path from 'node:path';
import { egressGateway } from '@bot-bottle/backend-docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownedBy } from './support/docker-engine.ts';
import {
  containerFilesHolding,
  engineTexts,
  memoriesHolding,
  processTexts,
  textsHolding,
} from './support/docker-traces.ts';
import { DockerWorld, engineOperator, hasClaudeImage } from './support/docker-world.ts';
import { eventually } from './support/eventually.ts';
import { answerPieces, fakeAnthropic } from './support/fake-anthropic.ts';
import { filesHolding, plantedSecret } from './support/secrets.ts';
import { sshKeys } from './support/ssh-keys.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import type { Outcome } from './support/world.ts';

const asked = { host: 'packages.e2e.test', methods: ['GET'], justification: 'The build needs a package.' };
const isRoot = engineOperator?.uid === 0;

/** One bottle with every kind of secret, looked at in the middle of a turn of Claude Code. */
describe.skipIf(!hasClaudeImage())('the real Claude Code CLI on docker', () => {
  const token = plantedSecret('sk-ant-oat01');
  const envSecret = plantedSecret('env');
  const held = Promise.withResolvers<void>();
  let key = '';
  let world: DockerWorld;
  let api: Upstream;
  let vendor: VendorWorld;
  let running: Promise<Outcome>;
  let proposal: { id: string; bottle: string; asks: string };
  const container = (role = ''): string => `bot-bottle-${proposal.bottle}${role === '' ? '' : `-${role}`}`;
  const others = ['', 'supervise', 'git-gate'];

  beforeAll(async () => {
    api = fakeAnthropic({ name: 'mcp__supervise__egress-block', input: asked }, held.promise);
    world = new DockerWorld();
    vendor = await vendorWorld(world, api, await egressGateway());
    const { identity, hostKey } = sshKeys(world);
    // The second line: what is the same for every key stands before it.
    key = readFileSync(identity, 'utf8').split('\n')[2] ?? '';
    world.bottle(
      'claude',
      [
        'agent_provider: { template: claude, auth_token: E2E_CLAUDE_TOKEN }',
        'env: { DEPLOY_KEY: "${E2E_ENV_SECRET}" }',
        'git-gate:',
        '  repos:',
        '    project:',
        '      url: ssh://git@git.e2e.test:22/project.git',
        `      identity: ${identity}`,
        `      host_key: ${hostKey}`,
      ].join('\n'),
    );
    world.agent('builder', 'claude', 'You build things.');
    const env = { E2E_CLAUDE_TOKEN: token, E2E_ENV_SECRET: envSecret };
    running = world.cli(['start', 'builder', '--yes', '--headless', '--prompt', 'Build it.'], {
      env,
      timeoutMs: 400_000,
    });
    let ended: Outcome | null = null;
    void running.then((outcome) => (ended = outcome));
    proposal = await eventually(
      'Claude asks',
      async () => {
        if (ended !== null) throw new Error(JSON.stringify(ended));
        const { stdout } = await world.cli(['supervise', 'list', '--json']);
        return (JSON.parse(stdout) as Array<typeof proposal>)[0];
      },
      180_000,
    );
    const approved = await world.cli(['supervise', 'approve', proposal.id, '--minutes', '20']);
    expect(approved).toMatchObject({ code: 0 });
    await eventually('Claude goes on', () => api.seen.some(({ body }) => body.includes('tool_result')));
  }, 240_000);
  afterAll(async () => {
    held.resolve();
    await vendor.close();
  });

  it('asked through MCP, with the prompt and the token of the operator behind it', () => {
    expect(proposal.asks).toContain('packages.e2e.test');
    const messages = api.seen.filter((seen) => seen.url.startsWith('/v1/messages'));
    expect(messages.length).toBeGreaterThan(0);
    expect(new Set(messages.map((seen) => seen.headers.authorization))).toEqual(new Set([`Bearer ${token}`]));
    expect(messages.some((seen) => seen.body.includes('You build things.'))).toBe(true);
    expect(new Set(vendor.proxy.targets)).toEqual(new Set(['api.anthropic.com:443']));
  });

  it('nothing that the engine tells of any container, image, network or volume holds a secret', () => {
    const texts = engineTexts();
    // The look must be able to find: it sees what is no secret.
    expect(textsHolding('bot-bottle.owner', texts).length).toBeGreaterThanOrEqual(4);
    for (const secret of [token, envSecret, key]) expect(textsHolding(secret, texts)).toEqual([]);
  });

  it.skipIf(!isRoot)('environments and command lines hold what their process needs and nothing else', () => {
    expect(processTexts(container(), 'environ')).toContain('CLAUDE_CODE_OAUTH_TOKEN=egress-placeholder');
    expect(processTexts(container(), 'environ')).toContain(envSecret);
    for (const role of ['', 'egress', 'git-gate', 'supervise']) {
      const environment = new Map([[role, processTexts(container(role), 'environ')]]);
      const lines = new Map([[role, processTexts(container(role), 'cmdline')]]);
      for (const secret of [token, key]) expect(textsHolding(secret, environment)).toEqual([]);
      if (role !== '') expect(textsHolding(envSecret, environment)).toEqual([]);
      for (const secret of [token, key, envSecret]) expect(textsHolding(secret, lines)).toEqual([]);
    }
  });

  it.skipIf(!isRoot)(
    'no file holds the token or an env secret, and only the gate’s memory folder its key',
    () => {
      for (const role of ['', 'egress', 'git-gate', 'supervise']) {
        expect(containerFilesHolding(container(role), token)).toEqual([]);
        expect(containerFilesHolding(container(role), envSecret)).toEqual([]);
        const found = containerFilesHolding(container(role), key);
        expect(found.filter((file) => role !== 'git-gate' || !file.startsWith('/home/node/keys/'))).toEqual(
          [],
        );
      }
    },
  );

  it.skipIf(!isRoot)(
    'the token is in the memory of egress and in no other container, the key in that of the gate',
    () => {
      expect(memoriesHolding(container('egress'), token)).not.toEqual([]);
      expect(memoriesHolding(container('git-gate'), key)).not.toEqual([]);
      for (const role of others) expect(memoriesHolding(container(role), token)).toEqual([]);
      for (const role of ['', 'egress', 'supervise'])
        expect(memoriesHolding(container(role), key)).toEqual([]);
      expect(memoriesHolding(container('supervise'), envSecret)).toEqual([]);
    },
    240_000,
  );

  it('the agent finds neither token nor key wherever it may look', async () => {
    const script = `cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; env
find / -xdev -type f -readable -size -2M -newer /etc/hostname 2>/dev/null | head -5000 | xargs -r cat 2>/dev/null
find /tmp /run /home /var/tmp /dev/shm -type f -size -8M -exec cat {} + 2>/dev/null; true`;
    const { code, stdout } = await world.cli(['exec', proposal.bottle, '--', 'bash', '-c', script]);
    expect(code).toBe(0);
    expect(stdout).toContain(envSecret);
    const seen = new Map([['the agent', stdout]]);
    for (const secret of [token, key]) expect(textsHolding(secret, seen)).toEqual([]);
  });

  it('heard the answer, ends its turn, and leaves nothing and no secret', async () => {
    held.resolve();
    const outcome = await running;
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(answerPieces.join('')) });
    expect(outcome.stderr).not.toMatch(/could not be registered/);
    const bodies = api.seen.map(({ body }) => body).filter((body) => body.includes('tool_result'));
    expect(bodies.at(-1)).toMatch(/approved/);
    for (const kind of ['container', 'network', 'volume'] as const)
      expect(ownedBy(proposal.bottle, kind)).toEqual([]);
    for (const secret of [token, envSecret, key]) {
      expect(filesHolding(secret, [path.join(world.botBottleHome, 'state')])).toEqual([]);
      expect(filesHolding(secret, [path.join(world.botBottleHome, 'audit')])).toEqual([]);
      expect(outcome.stdout + outcome.stderr).not.toContain(secret);
    }
  });
});
