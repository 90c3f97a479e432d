import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('as $name, where nobody is to be asked', (operator) => {
  let world: World;

  beforeAll(() => {
    world = new World(operator);
    world.bottle('silent', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('worker', 'silent');
  });
  afterAll(async () => {
    await world.close();
  });

  it('there is no server to ask, no name of one, and no denial that says to ask', async () => {
    const script = `
      env | grep -vi ^no_proxy | grep -i supervise || echo 'no variable'
      for to in supervise:9100 127.0.0.1:9100 localhost:9100 '[::1]:9100'; do
        curl -s -m 8 -o /dev/null "http://$to/health" && echo "answered $to" || echo "nothing at $to"
      done
      curl -s -m 8 https://nowhere.example/x
      curl -s -m 8 http://_egress.local/supervise
      ls /run /run/* 2>/dev/null | grep -i supervise || echo 'no socket'`;
    const { stdout } = await world.cli(['run', 'worker', '--yes', '--', 'bash', '-c', script]);
    expect(stdout).toContain('no variable');
    expect(stdout).toContain('no socket');
    expect(stdout).not.toContain('answered');
    expect(stdout.match(/^nothing at/gm)).toHaveLength(4);
    expect(stdout).toContain('"code":"host_not_allowed"');
    expect(stdout).not.toContain('egress-block');
    expect(stdout).toContain('"ask":null');
  });
});
