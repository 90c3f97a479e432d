import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built } from './support/built-images.ts';
import { logs } from './support/container.ts';
import { missingEngine } from './support/engine.ts';
import { out, ran } from './support/program.ts';
import { openScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

/** The supervise sidecar needs no files, and the rule is the same for all. */
describe.skipIf(missingEngine !== null)('where a sidecar listens in a container', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(async () => await scene?.close());

  const start = (...args: string[]) =>
    ran('docker', [
      'run',
      '--rm',
      '--network',
      scene.network,
      '--label',
      `bot-bottle.images-test=${scene.id}`,
      '--env',
      'SUPERVISE_BOTTLE_SLUG=demo',
      ...args,
      built('sidecar-supervise'),
    ]);

  it('is not guessed without an access token', async () => {
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toContain('SUPERVISE_LISTEN is not set');
    expect(stderr).toContain('SUPERVISE_ACCESS_TOKEN');
  });

  it('is not guessed with an empty access token', async () => {
    expect(await start('--env', 'SUPERVISE_ACCESS_TOKEN=')).toMatchObject({ code: 2 });
  });

  it.each(['0.0.0.0:9100', '[::]:9100', '0:9100', '0x0.0:9100'])(
    'is never every address: %s',
    async (listen) => {
      const { code, stderr } = await start(
        '--env',
        `SUPERVISE_LISTEN=${listen}`,
        '--env',
        'SUPERVISE_ACCESS_TOKEN=t0ken',
      );
      expect(code).toBe(2);
      expect(stderr).toContain('SUPERVISE_LISTEN');
    },
  );

  it('is the only address of the container with a token, and others are asked for it', async () => {
    const name = await scene.run('token', [
      '--network-alias',
      'supervise',
      '--env',
      'SUPERVISE_BOTTLE_SLUG=demo',
      '--env',
      'SUPERVISE_ACCESS_TOKEN=t0ken',
      built('sidecar-supervise'),
    ]);
    await scene.until(
      async () => (await logs(name)).includes('listening'),
      () => logs(name),
    );
    const field = `{{(index .NetworkSettings.Networks "${scene.network}").IPAddress}}`;
    expect(await logs(name)).toContain(`${await out('docker', ['inspect', '--format', field, name])}:9100`);
    const status = (...more: string[]) =>
      out('docker', [
        'run',
        '--rm',
        '--network',
        scene.network,
        built('agent-command'),
        'curl',
        '--silent',
        '--max-time',
        '20',
        '--output',
        '/dev/null',
        '--write-out',
        '%{http_code}',
        ...more,
        '--data',
        '{}',
        'http://supervise:9100/mcp',
      ]);
    expect(await status()).toBe('401');
    expect(await status('--header', 'Authorization: Bearer t0ken')).not.toBe('401');
  });

  it('is not guessed where there are several networks', async () => {
    const other = `${scene.network}-other`;
    await out('docker', ['network', 'create', '--label', `bot-bottle.images-test=${scene.id}`, other]);
    const name = `${scene.network}-two`;
    const label = ['--label', `bot-bottle.images-test=${scene.id}`];
    const env = ['--env', 'SUPERVISE_BOTTLE_SLUG=demo', '--env', 'SUPERVISE_ACCESS_TOKEN=t0ken'];
    try {
      const args = ['--name', name, ...label, '--network', scene.network, ...env, built('sidecar-supervise')];
      await out('docker', ['create', ...args]);
      await out('docker', ['network', 'connect', other, name]);
      expect((await ran('docker', ['start', '--attach', name])).stderr).toContain('several addresses');
    } finally {
      await out('docker', ['rm', '--force', name]);
      await out('docker', ['network', 'rm', other]);
    }
  });

  it('takes a secret from one place only, and from no file of another sidecar', async () => {
    const secrets = join(scene.folder, 'secrets');
    await mkdir(secrets);
    await writeFile(join(secrets, 'SUPERVISE_ACCESS_TOKEN'), 't0ken\n', { mode: 0o644 });
    await writeFile(join(secrets, 'EGRESS_TOKEN_0'), 'of another', { mode: 0o644 });
    const mount = ['--volume', `${secrets}:/run/secrets:ro`];
    const both = await start(...mount, '--env', 'SUPERVISE_ACCESS_TOKEN=other');
    expect(both).toMatchObject({ code: 2 });
    expect(both.stderr).toContain('given as a variable and as a file');
    expect(both.stderr).not.toContain('t0ken');
    const fine = await scene.run('file', [
      ...mount,
      '--env',
      'SUPERVISE_BOTTLE_SLUG=demo',
      built('sidecar-supervise'),
    ]);
    await scene.until(
      async () => (await logs(fine)).includes('listening'),
      () => logs(fine),
    );
  });
});
