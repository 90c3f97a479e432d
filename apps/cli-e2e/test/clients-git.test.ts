import { afterAll, beforeAll, expect, it } from 'vitest';
import { GitUpstream } from './support/git-upstream.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);
let world: World;
let upstream: GitUpstream;
let port = 0;

beforeAll(async () => {
  if (operator === undefined) throw new Error('no operator');
  upstream = new GitUpstream('git.e2e.test');
  port = await upstream.listen();
  world = new World(operator);
  world.write(
    'settings.yml',
    `extra_ca_file: ${upstream.certificate.caFile}\nhosts: { git.e2e.test: 127.0.0.1 }\n`,
  );
  const bottle = (git: string) =>
    [
      'agent_provider: { template: command }',
      'supervise: false',
      'egress:',
      '  routes:',
      `    - { host: git.e2e.test, ports: [${port}], address_allowlist: [127.0.0.1], ${git} }`,
    ].join('\n');
  world.bottle('fetch', bottle('git: { fetch: true }'));
  world.bottle('nofetch', bottle('methods: [GET, POST]'));
  world.agent('fetcher', 'fetch');
  world.agent('other', 'nofetch');
});
afterAll(async () => {
  await world.close();
  await upstream.close();
});

it('git clones over HTTPS on a route that allows it', async () => {
  const { code, stdout } = await world.run(
    'fetcher',
    `git clone -q https://git.e2e.test:${port}/repo.git && cat repo/README.md`,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'fetched through egress\n' });
});

it('git does not clone on a route that does not', async () => {
  const { code, stderr } = await world.run('other', `git clone -q https://git.e2e.test:${port}/repo.git`);
  expect(code).not.toBe(0);
  expect(stderr).toContain('403');
});

it('git never pushes over HTTPS', async () => {
  const script = [
    `git clone -q https://git.e2e.test:${port}/repo.git && cd repo`,
    'git -c user.name=a -c user.email=a@b.invalid commit -q --allow-empty -m two',
    'git push origin HEAD:main',
  ].join(' && ');
  const { code, stderr } = await world.run('fetcher', script);
  expect(code).not.toBe(0);
  expect(stderr).toContain('403');
});
