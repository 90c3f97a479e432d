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
let url = '';

beforeAll(async () => {
  if (operator === undefined) throw new Error('no operator');
  upstream = new Upstream(['api.e2e.test'], (seen, response) => response.end(`${seen.method} ${seen.body}`));
  url = `https://api.e2e.test:${await upstream.listen()}/v1/echo`;
  world = new World(operator);
  world.write('settings.yml', apiSettings(upstream.certificate.caFile));
  world.bottle('api', apiBottle(upstream.port));
  world.agent('worker', 'api');
});
afterAll(async () => {
  await world.close();
  await upstream.close();
});

const clients: Record<string, string> = {
  curl: `curl -sS -d hello URL`,
  'Node fetch': `node -e "fetch('URL',{method:'POST',body:'hello'}).then(r=>r.text()).then(console.log)"`,
  'Node https': `node -e "require('https').request('URL',{method:'POST'},r=>r.pipe(process.stdout)).end('hello')"`,
  'Python requests': `python3 -c "import requests; print(requests.post('URL', data='hello').text)"`,
  'Python urllib': `python3 -c "import urllib.request as u; print(u.urlopen('URL', data=b'hello').read().decode())"`,
};

it.each(Object.entries(clients))('%s works through the proxy unchanged', async (_name, command) => {
  const { stdout, stderr } = await world.run('worker', command.replaceAll('URL', url), {
    env: { E2E_TOKEN: token },
  });
  expect({ stdout: stdout.trim(), stderr }).toMatchObject({ stdout: 'POST hello' });
  expect(upstream.seen.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
});
