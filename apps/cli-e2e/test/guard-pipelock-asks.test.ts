import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiSettings } from './support/api-bottle.ts';
import { askingAgent } from './support/asking-agent.ts';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { installStandIn } from './support/pipelock-stand-in.ts';
import { runningBottle } from './support/running-bottle.ts';
import { Upstream } from './support/upstream.ts';
import { World, type Outcome } from './support/world.ts';

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly asks: string;
}

describe.each(operators.slice(-1))('as $name, an agent behind pipelock (a stand-in)', (operator) => {
  const names = ['open.e2e.test', 'more.e2e.test'];
  let world: World;
  let upstream: Upstream;
  let slug = '';
  let port = 0;

  beforeAll(async () => {
    upstream = new Upstream(names, (seen, response) =>
      response.end(`reached ${seen.headers.host} ${seen.url}\n`),
    );
    port = await upstream.listen();
    world = new World(operator);
    const hosts = names.map((name) => `  ${name}: 127.0.0.1`).join('\n');
    world.write(
      'settings.yml',
      apiSettings(upstream.certificate.caFile).replace(/hosts:\n[^]*/, `hosts:\n${hosts}\n`),
    );
    world.bottle(
      'guarded',
      [
        'agent_provider: { template: command }',
        'egress:',
        '  guard: pipelock',
        '  routes:',
        '    - host: open.e2e.test',
        `      ports: [${port}]`,
        '      address_allowlist: [127.0.0.1/32]',
      ].join('\n'),
    );
    world.agent('worker', 'guarded');
    const env = { BOT_BOTTLE_PIPELOCK: installStandIn(world.dir) };
    const launcher = world.start(['run', 'worker', '--yes', '--', 'sleep', '600'], { env });
    slug = await runningBottle(world, launcher);
  });
  afterAll(async () => {
    await world.close();
    await upstream.close();
  });

  const inside = (script: string): Promise<Outcome> =>
    world.cli(['exec', slug, '--', 'bash', '-c', `${askingAgent}${script}`]);
  const nested = (): Promise<Outcome> =>
    inside(`curl -sS -g 'https://open.e2e.test:${port}/v1?next=https://cdn.e2e.test/'`);
  const proposal = (kind: string): Promise<Listed> =>
    eventually(`a proposal ${kind}`, async () => {
      const { stdout } = await world.cli(['supervise', 'list', '--json']);
      return (JSON.parse(stdout) as Listed[]).find((each) => each.kind === kind);
    });
  const tool = (name: string, args: object): Promise<Outcome> =>
    inside(`tool ${name} '${JSON.stringify(args)}'`);

  it('is told the tool, and what it asks does not make pipelock let anything pass', async () => {
    expect((await inside('rpc tools/list {}')).stdout).toContain('pipelock-block');
    expect((await nested()).stdout).toContain('blocked: domain not in allowlist: cdn.e2e.test');
    const asking = tool('pipelock-block', {
      failed_url: 'https://cdn.e2e.test/',
      justification: 'it leads there',
    });
    const { id, asks } = await proposal('pipelock-block');
    expect(asks).toContain('cdn.e2e.test');
    expect((await nested()).stdout).toContain('blocked');
    expect((await world.cli(['supervise', 'reject', id, '--reason', 'no'])).code).toBe(0);
    expect((await asking).stdout).toContain('rejected');
    expect((await nested()).stdout).toContain('blocked');
  });

  it('has the host let pass once a human approves it', async () => {
    const asking = tool('pipelock-block', {
      failed_url: 'https://cdn.e2e.test/x',
      justification: 'it does lead there',
    });
    const { id } = await proposal('pipelock-block');
    const approved = await world.cli(['supervise', 'approve', id]);
    expect(approved.stderr + approved.stdout).toContain('pipelock lets cdn.e2e.test pass');
    expect(approved.code).toBe(0);
    expect((await asking).stdout).toContain('approved');
    expect((await nested()).stdout).toMatch(/^reached open\.e2e\.test:\d+ \/v1\?next=/);
    // egress denies it all the same
    expect((await inside('curl -sS https://cdn.e2e.test/')).stdout).toContain('host_not_allowed');
  });

  it('of a host that egress lets it reach later, pipelock is told too', async () => {
    const asking = tool('egress-block', { host: 'more.e2e.test', ports: [port], justification: 'more' });
    const { id } = await proposal('egress-block');
    expect((await world.cli(['supervise', 'approve', id])).code).toBe(0);
    expect((await asking).stdout).toContain('approved');
    const url = `https://open.e2e.test:${port}/v1?next=https://more.e2e.test/`;
    expect((await inside(`curl -sS -g '${url}'`)).stdout).toMatch(/^reached/);
    // a grant allows no private address, although another route of the bottle does
    const direct = await inside(`curl -sS https://more.e2e.test:${port}/x`);
    expect(direct.stdout).toContain('address_not_allowed');
  });
});
