import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiBottle, apiSettings } from './support/api-bottle.ts';
import { operators } from './support/operators.ts';
import { filesHolding, plantedSecret } from './support/secrets.ts';
import { Upstream } from './support/upstream.ts';
import { World } from './support/world.ts';

describe.each(operators)('run as $name: the injected credential', (operator) => {
  const token = plantedSecret('tok');
  let world: World;
  let upstream: Upstream;
  let port = 0;

  beforeAll(async () => {
    upstream = new Upstream(['api.e2e.test'], (seen, response) => {
      response.setHeader('X-Echo', seen.headers.authorization ?? '');
      response.end(`you sent ${seen.headers.authorization ?? 'nothing'}`);
    });
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

  const run = (script: string, input = '') =>
    world.run('worker', script, { env: { E2E_TOKEN: token }, input });

  it('reaches the declared upstream and only there', async () => {
    const before = upstream.seen.length;
    const { stdout, stderr, code } = await run(`curl -sS https://api.e2e.test:${port}/v1/me`);
    expect(stderr).not.toContain(token);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('you sent ') });
    expect(upstream.seen.slice(before).map((seen) => seen.headers.authorization)).toEqual([
      `Bearer ${token}`,
    ]);
  });

  it('is overwritten where the upstream echoes it', async () => {
    const { stdout } = await run(`curl -sSi https://api.e2e.test:${port}/v1/me`);
    expect(stdout).toContain('200 OK');
    expect(stdout).not.toContain(token);
  });

  it('replaces a credential that the agent sends', async () => {
    const before = upstream.seen.length;
    await run(
      `curl -sS -H 'Authorization: Bearer mine' -H 'X-Api-Key: mine' https://api.e2e.test:${port}/v1/me`,
    );
    const [seen] = upstream.seen.slice(before);
    expect(seen?.headers.authorization).toBe(`Bearer ${token}`);
    expect(seen?.headers['x-api-key']).toBeUndefined();
  });

  it('is in no environment and no file that the bottle can read', async () => {
    const script = [
      'env',
      'cat /proc/self/environ | tr "\\0" "\\n"',
      'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n"',
      // -xdev would skip what is mounted: everything visible counts
      `grep -rlaF --exclude-dir=proc --exclude-dir=sys -e "$(cat)" /home /run /tmp /etc /var /dev/shm 2>/dev/null`,
      'echo end',
    ].join('\n');
    // The value is searched in parts, or the search itself would carry it into the bottle.
    const { stdout } = await run(script, token.slice(4, 30));
    expect(stdout).toContain('end');
    expect(stdout).not.toContain(token.slice(4));
    expect(stdout).not.toMatch(/^\/(home|run|tmp|etc|var|dev)\//m);
  });

  it('is in nothing that the run leaves behind', () => {
    expect(filesHolding(token, [world.botBottleHome])).toEqual([]);
  });
});
