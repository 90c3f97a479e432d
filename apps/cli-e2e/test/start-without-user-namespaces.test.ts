import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installation } from './support/installation.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);
let world: World;

beforeAll(() => {
  if (operator === undefined) throw new Error('no operator');
  world = new World(operator);
  world.bottle('plain', 'agent_provider: { template: command }\nsupervise: false');
  world.agent('worker', 'plain');
});
afterAll(() => world.close());

it('says exactly what to change when user namespaces are disabled', () => {
  const { bin, node } = installation();
  // The limit of a user namespace of our own: the machine's stays as it is.
  const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  const args = ['--user', '--map-root-user', 'sh', '-c', script, 'sh'];
  const outcome = spawnSync(
    'unshare',
    [
      ...args,
      node,
      bin,
      'start',
      'worker',
      '--backend',
      'bubblewrap',
      '--yes',
      '--headless',
      '--prompt',
      'hi',
    ],
    {
      env: { HOME: world.home, PATH: '/usr/bin:/bin' },
      ...(process.getuid?.() === 0 ? { uid: world.operator.uid, gid: world.operator.uid } : {}),
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain('user.max_user_namespaces');
  expect(outcome.stderr).toMatch(/sysctl/);
});
