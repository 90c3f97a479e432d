import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { hostileSupervise } from './support/hostile-supervise.ts';
import { discard, tamperedInstallation, type Installation } from './support/installation.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

interface Seen {
  readonly what: string;
  readonly value: unknown;
}

/** id of a proposal of another bottle, which only this test knows */
const other = '0mhe5w0000abcdef';
const othersProposal = JSON.stringify({
  id: other,
  bottle: 'other-aaaaa',
  sidecar: 'supervise',
  arrived: '2026-01-02T03:04:05.678Z',
  request: {
    kind: 'egress-block',
    host: 'other.example',
    ports: [443],
    path_allowlist: [],
    methods: ['GET'],
    minutes: null,
    justification: 'of another bottle',
  },
});

describe.each(operators)('as $name, arbitrary code in the supervise sidecar', (operator) => {
  let installed: Installation;
  let world: World;
  let bottle: ChildProcess;
  let slug = '';
  let stderr = '';
  let seen: Seen[] = [];

  beforeAll(async () => {
    installed = tamperedInstallation({
      'sidecar-supervise/dist/main.js': hostileSupervise.replaceAll('OTHER', JSON.stringify(other)),
    });
    world = new World(operator, installed);
    world.write(`queue/other-aaaaa/proposals/${other}.json`, othersProposal);
    world.bottle('plain', 'agent_provider: { template: command }');
    world.agent('worker', 'plain');
    bottle = world.start(['run', 'worker', '--yes', '--', 'sleep', '600']);
    bottle.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    slug = await eventually('the bottle is listed', async () => {
      const { stdout } = await world.cli(['list', 'active', '--json']);
      return (JSON.parse(stdout) as Array<{ identity: string }>)[0]?.identity;
    });
    seen = await eventually(
      'every attempt was made',
      async () => {
        const { stdout } = await world.cli(['exec', slug, '--', 'curl', '-s', 'http://supervise:9100/']);
        const lines = stdout.split('\n').filter((line) => line !== '');
        const noted = lines.map((line) => JSON.parse(line) as Seen);
        return noted.some(({ what }) => what === 'end') ? noted : undefined;
      },
      60_000,
    );
  }, 120_000);
  afterAll(async () => {
    await world.close();
    discard(installed);
  });

  const told = (type: string): Array<Record<string, unknown>> =>
    seen
      .filter(({ what }) => what === 'told')
      .map(({ value }) => value as Record<string, unknown>)
      .filter((message) => message['type'] === type);

  it('is ended by everything that it says and that is not its to say', () => {
    const attempts = seen.filter(({ what }) => what === 'attempt').map(({ value }) => value);
    expect(attempts).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(stderr.match(/the sidecar supervise broke the protocol/g)).toHaveLength(5);
  });

  it('can ask, and nothing that it says answers: what it asked still waits', async () => {
    const open = JSON.parse((await world.cli(['supervise', 'list', '--json'])).stdout) as Array<{
      state: string;
      kind: string;
      bottle: string;
    }>;
    const own = open.filter((each) => each.bottle === slug);
    expect(own).toMatchObject([{ state: 'open', kind: 'egress-block' }]);
    const { stdout } = await world.cli(['exec', slug, '--', 'curl', '-sk', 'https://evil.example/']);
    expect(stdout).toContain('host_not_allowed');
  });

  it('may ask for nothing that is not its to ask, nor for what no grant can be', () => {
    const refused = told('answer').filter(({ error }) => error !== undefined);
    expect(refused.map(({ id }) => id)).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 8]));
  });

  it('learns of its own proposals only', () => {
    const answers = new Map(
      told('answer')
        .filter(({ error }) => error === undefined)
        .map(({ id, answer }) => [id, answer]),
    );
    expect(answers.get(6)).toMatchObject({ status: 'pending' });
    expect(answers.get(7)).toBeNull();
  });

  it('writes no line of another layer, and none that only the log or the desk may write', async () => {
    expect(told('audit-failed').length).toBeGreaterThan(0);
    const { code, stdout } = await world.cli(['audit', slug, '--json']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('forged');
    expect((await world.cli(['audit', slug, '--verify'])).code).toBe(0);
  });

  it('reads nothing of the host and reaches no network', () => {
    const read = Object.fromEntries(seen.map(({ what, value }) => [what, value]));
    expect(read['read /root/.bot-bottle']).toBe('ENOENT');
    expect(read['read /home']).toBe('node');
    expect(read['read /proc/1/root/root']).toMatch(/^(?:ENOENT|EACCES)$/);
    expect(read['network']).toBe('ECONNREFUSED');
  });

  it("leaves the other bottle's queue as it was", () => {
    const queue = path.join(world.botBottleHome, 'queue', 'other-aaaaa');
    expect(existsSync(path.join(queue, 'responses'))).toBe(false);
    expect(readdirSync(path.join(queue, 'proposals'))).toEqual([`${other}.json`]);
    expect(readFileSync(path.join(queue, 'proposals', `${other}.json`), 'utf8')).toBe(othersProposal);
  });
});
