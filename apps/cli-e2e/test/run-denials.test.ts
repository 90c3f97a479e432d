import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiBottle, apiSettings } from './support/api-bottle.ts';
import { operators } from './support/operators.ts';
import { plantedSecret } from './support/secrets.ts';
import { Upstream } from './support/upstream.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);
const token = plantedSecret('tok');
let world: World;
let upstream: Upstream;
let port = 0;

beforeAll(async () => {
  if (operator === undefined) throw new Error('no operator');
  upstream = new Upstream(['api.e2e.test'], (_seen, response) => response.end('reached'));
  port = await upstream.listen();
  world = new World(operator);
  world.write('settings.yml', apiSettings(upstream.certificate.caFile));
  world.bottle('api', apiBottle(port));
  world.agent('worker', 'api');
});
afterAll(async () => {
  await world.close();
  await upstream.close();
});

const cases: ReadonlyArray<{ what: string; curl: string; status: number; code: string }> = [
  { what: 'another host', curl: 'https://elsewhere.example/', status: 403, code: 'host_not_allowed' },
  { what: 'another port', curl: 'https://api.e2e.test:PORT2/v1/me', status: 403, code: 'port_not_allowed' },
  {
    what: 'another method',
    curl: '-X DELETE https://api.e2e.test:PORT/v1/me',
    status: 403,
    code: 'method_not_allowed',
  },
  { what: 'another path', curl: 'https://api.e2e.test:PORT/v2/me', status: 403, code: 'path_not_allowed' },
  {
    what: 'a sibling of the path',
    curl: 'https://api.e2e.test:PORT/v1x/me',
    status: 403,
    code: 'path_not_allowed',
  },
  {
    what: 'dot segments out of the path',
    curl: '--path-as-is https://api.e2e.test:PORT/v1/../admin',
    status: 403,
    code: 'path_not_allowed',
  },
  { what: 'TRACE', curl: '-X TRACE https://api.e2e.test:PORT/v1/me', status: 405, code: 'method_refused' },
  {
    what: 'a git push over HTTPS',
    curl: '"https://api.e2e.test:PORT/v1/r.git/info/refs?service=git-receive-pack"',
    status: 403,
    code: 'git_push_over_https',
  },
  {
    what: 'a mismatched Host',
    curl: '-H "Host: other.example" https://api.e2e.test:PORT/v1/me',
    status: 421,
    code: 'misdirected',
  },
];

it.each(cases)('answers $what with $status $code', async ({ curl, status, code }) => {
  const before = upstream.seen.length;
  const args = curl
    .replaceAll('PORT2', String(port === 65_535 ? 1024 : port + 1))
    .replaceAll('PORT', String(port));
  const outcome = await world.run('worker', `curl -sS -D /dev/stderr ${args}`, { env: { E2E_TOKEN: token } });
  expect(outcome.stderr).toMatch(new RegExp(`^HTTP/1.1 ${status} `, 'm'));
  expect(outcome.stderr.toLowerCase()).toContain(`x-bot-bottle-deny: ${code}`);
  const body: unknown = JSON.parse(outcome.stdout);
  expect(body).toMatchObject({ bot_bottle: 1, layer: 'egress', code });
  expect(upstream.seen.length).toBe(before);
});

it('blocks a body that holds the credential itself', async () => {
  const before = upstream.seen.length;
  // A compromised upstream could have told the agent its value: it must still not leave in a body.
  const outcome = await world.run(
    'worker',
    `read -r value; curl -sS -d "note=$value" https://api.e2e.test:${port}/v1/notes`,
    { env: { E2E_TOKEN: token }, input: `${token}\n` },
  );
  expect(JSON.parse(outcome.stdout)).toMatchObject({ code: 'dlp_blocked' });
  expect(outcome.stdout).not.toContain(token);
  expect(upstream.seen.length).toBe(before);
});

it('records every denial in the audit log', async () => {
  const { stdout } = await world.cli(['list', '--json']);
  expect(() => JSON.parse(stdout) as unknown).not.toThrow();
});
