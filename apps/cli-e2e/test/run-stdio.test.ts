import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('run as $name: stdio and exit code', (operator) => {
  let world: World;

  beforeAll(() => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('worker', 'plain');
  });
  afterAll(() => world.close());

  it('passes stdout, stderr and the exit code through, and keeps them apart', async () => {
    const { code, stdout, stderr } = await world.run('worker', 'echo out; echo err >&2; exit 7');
    expect(code).toBe(7);
    expect(stdout).toBe('out\n');
    expect(stderr).toContain('err\n');
  });

  it('passes stdin through to its end', async () => {
    const input = randomBytes(600_000).toString('base64');
    const { stdout } = await world.run('worker', 'sha256sum', { input });
    const { createHash } = await import('node:crypto');
    expect(stdout).toContain(createHash('sha256').update(input).digest('hex'));
  });

  it('answers as a shell does for a command that is not there', async () => {
    const { code } = await world.cli(['run', 'worker', '--yes', '--', 'no-such-program']);
    expect(code).toBe(127);
  });

  it('tells a signal as a shell does', async () => {
    const { code } = await world.run('worker', 'kill -TERM $$');
    expect(code).toBe(143);
  });

  it('runs as node with uid 1000 in a private home', async () => {
    const { stdout } = await world.run('worker', 'id -un; id -u; pwd; stat -c %a "$HOME"; ls -A /home');
    expect(stdout).toBe('node\n1000\n/home/node\n700\nnode\n');
  });

  it('exits 1 before anything is built when the agent is unknown', async () => {
    const { code, stderr } = await world.cli(['run', 'nobody', '--yes', '--', 'true']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bot-bottle: error: .*nobody/m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('exits 2 on wrong usage', async () => {
    expect((await world.cli(['run'])).code).toBe(2);
    expect((await world.cli(['no-such-command'])).code).toBe(2);
  });
});
