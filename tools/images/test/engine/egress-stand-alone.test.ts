import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../src/workspace.ts';
import { built } from './support/built-images.ts';
import { logs, stops, told, turnsHealthy } from './support/container.ts';
import { missingReader } from './support/engine.ts';
import { out, ran } from './support/program.ts';
import { runReadme } from './support/readme-container.ts';
import type { StartedReadme } from './support/readme-container.ts';
import { openScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { startUpstream } from './support/tls-upstream.ts';

const token = 'f1c7b2a94e0d4f6f8c35';

describe.skipIf(missingReader !== null)('the egress image, as its README runs it', () => {
  let scene: Scene;
  let egress: StartedReadme;
  let upstream: { readonly container: string };

  beforeAll(async () => {
    scene = await openScene();
    const readme = await readFile(join(workspaceRoot, 'sidecars/egress/README.md'), 'utf8');
    const [, files = ''] = /^```sh\n(openssl req .*?^JSON\n)/ms.exec(readme) ?? [];
    await scene.sh(files);
    upstream = await startUpstream(scene, 'api.github.com');
    const routes = await readFile(join(scene.folder, 'routes.json'), 'utf8');
    const local = routes.replace('"address_allowlist":[]', `"address_allowlist":["${await scene.subnet()}"]`);
    await writeFile(join(scene.folder, 'routes.json'), local);
    const extra = ['--volume', '"$PWD/upstream-ca.crt:/extra.crt:ro"', '--env', 'EGRESS_EXTRA_CA=/extra.crt'];
    const env = { GITHUB_TOKEN: token };
    egress = await runReadme(scene, { sidecar: 'egress', port: 9099, extra, env });
    await turnsHealthy(scene, egress.container);
  });
  afterAll(async () => await scene?.close());

  const curl = (url: string, ...more: string[]) => {
    const via = ['--proxy', `http://127.0.0.1:${egress.port}`, '--cacert', 'ca.crt'];
    return ran('curl', ['--silent', '--show-error', '--max-time', '20', '--include', ...via, ...more, url], {
      cwd: scene.folder,
    });
  };

  it('passes an allowed request on with the credential, which the agent does not see', async () => {
    const { stdout } = await curl('https://api.github.com/repos/nodejs/node');
    expect(stdout).toContain('from the upstream');
    expect(await logs(upstream.container)).toContain(`GET /repos/nodejs/node Bearer ${token}`);
    expect(stdout).not.toContain(token);
  });

  it.each([
    ['another host', 'https://example.com/', []],
    ['another path', 'https://api.github.com/user', []],
    ['another method', 'https://api.github.com/repos/nodejs/node', ['--request', 'DELETE']],
  ])('denies %s', async (_, url, more) => {
    const { stdout } = await curl(url, ...more);
    expect(stdout).toMatch(/^HTTP\/1\.1 403 /m);
    expect(stdout).toMatch(/^x-bot-bottle-deny: \w+/im);
    expect(await logs(upstream.container)).not.toMatch(/ \/user |DELETE/);
  });

  it('is reached by name from its network', async () => {
    const args = ['run', '--rm', '--network', scene.network, '--volume', `${scene.folder}/ca.crt:/ca.crt:ro`];
    const url = 'https://api.github.com/repos/a';
    const via = [
      'curl',
      '-sS',
      '--max-time',
      '20',
      '--proxy',
      'http://egress:9099',
      '--cacert',
      '/ca.crt',
      url,
    ];
    expect(await out('docker', [...args, built('agent-command'), ...via])).toContain('from the upstream');
  });

  it('shows its secrets to nobody who asks the engine', async () => {
    const [, keyLine = ''] = (await readFile(join(scene.folder, 'secrets/EGRESS_CA_KEY'), 'utf8')).split(
      '\n',
    );
    expect(keyLine).toMatch(/^[A-Za-z0-9+/=]{40,}$/);
    const seen = await told(egress.container);
    expect(seen).toContain('EGRESS_ROUTES=/routes.json');
    expect(seen).not.toContain(token);
    expect(seen).not.toContain(keyLine);
    const environ = ['exec', '--user', '1000', egress.container, 'sh', '-c', 'cat /proc/[0-9]*/environ'];
    const { stdout } = await ran('docker', environ);
    expect(stdout).toContain('EGRESS_ROUTES');
    expect(stdout).not.toContain(token);
  });

  it('ends in time when it is stopped', async () => {
    const { code, ms } = await stops(egress.container);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(8_000);
  });
});
