import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue } from '../../src/catalogue.ts';
import { findSecrets } from '../../src/find-secrets.ts';
import { builtImages } from './support/built-images.ts';
import type { BuiltImage } from './support/built-images.ts';
import { missingEngine } from './support/engine.ts';
import { out, ran } from './support/program.ts';

const images = builtImages();
const base = images.find(({ name }) => name === 'base');
const others = images.filter(({ name }) => name !== 'base');
/** PID 1 of the bundle gives each child a user of its own, which only root can. */
const asRoot = new Set(['sidecar-bundle']);

const configSchema = z.object({
  User: z.string(),
  Env: z.array(z.string()),
  Labels: z.record(z.string(), z.string()),
  Healthcheck: z.object({ Test: z.array(z.string()) }).optional(),
  Volumes: z.null().optional(),
});
const configOf = async ({ reference }: BuiltImage) =>
  configSchema.parse(
    JSON.parse(await out('docker', ['image', 'inspect', '--format', '{{json .Config}}', reference])),
  );

/** In a container as closed as the backends make it. */
const inside = ({ reference }: BuiltImage, script: string): Promise<string> => {
  const closed = [
    '--network',
    'none',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--read-only',
  ];
  return out('docker', [
    'run',
    '--rm',
    ...closed,
    '--tmpfs',
    '/tmp',
    '--entrypoint',
    'sh',
    reference,
    '-c',
    script,
  ]);
};

describe.skipIf(missingEngine !== null)('every image', () => {
  it('was built', () => {
    expect(others.map(({ name }) => name).toSorted()).toEqual(catalogue.map(({ name }) => name).toSorted());
  });

  it.each(others)('$name says what it is, and runs as an ordinary user', async (image) => {
    const { User, Labels, Volumes } = await configOf(image);
    expect(User).toBe(asRoot.has(image.name) ? '0:0' : '1000:1000');
    expect(Labels).toMatchObject({
      'bot-bottle.image': image.name,
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.source': 'https://github.com/bot-bottle/bot-bottle',
      'org.opencontainers.image.title': `bot-bottle ${image.name}`,
    });
    expect(Volumes ?? null).toBeNull();
  });

  it.each(others)('$name works with nothing writable and no capability', async (image) => {
    const said = await inside(
      image,
      'id -u; grep CapEff /proc/self/status; touch /opt/x 2>&1; node --version',
    );
    const [uid, capabilities, refused, node] = said.split('\n');
    expect(uid).toBe(asRoot.has(image.name) ? '0' : '1000');
    expect(capabilities).toMatch(/CapEff:\s0{16}$/);
    expect(refused).toMatch(/Read-only file system|Permission denied/);
    expect(node).toMatch(/^v24\./);
  });

  it.each(others)('$name is told of by the engine without a secret', async ({ reference }) => {
    const inspected = await out('docker', ['image', 'inspect', reference]);
    const history = await out('docker', ['history', '--no-trunc', '--format', '{{.CreatedBy}}', reference]);
    expect(history).toContain('LABEL');
    expect(findSecrets(inspected + history)).toEqual([]);
  });

  it.each(others)('$name holds nothing of the machine that built it', async (image) => {
    const files = [
      '/root/.npmrc',
      '/root/.npm',
      '/root/.docker',
      '/root/.ssh',
      '/root/.gitconfig',
      '/home/node/.npmrc',
    ];
    // What cannot be looked into by this user is shown too.
    expect(await inside(image, `ls -d ${files.join(' ')} 2>/dev/null || true`)).toBe('');
    expect(
      await inside(image, 'ls /tmp /var/lib/apt/lists /var/cache/apt/archives 2>/dev/null | grep -c . '),
    ).toMatch(/^\d$/);
  });

  it.each(others.filter(({ name }) => name.startsWith('sidecar-')))(
    '$name has a health check, and programs that it cannot change',
    async (image) => {
      const { Healthcheck } = await configOf(image);
      expect(Healthcheck?.Test.slice(0, 3)).toEqual(['CMD', 'node', '/opt/bot-bottle/health.mjs']);
      const writable =
        'find /opt /usr /bin /etc -xdev -type f -perm /022 2>/dev/null; find /opt ! -user root';
      expect(await inside(image, writable)).toBe('');
    },
  );

  it.each(others.filter(({ name }) => name.startsWith('sidecar-')))(
    '$name is not healthy when nothing answers',
    async (image) => {
      const { Healthcheck } = await configOf(image);
      const [, program = '', ...args] = Healthcheck?.Test ?? [];
      const closed = ['--network', 'none', '--cap-drop', 'ALL', '--read-only', '--entrypoint', program];
      expect((await ran('docker', ['run', '--rm', ...closed, image.reference, ...args])).code).toBe(1);
    },
  );

  it('has no program that becomes root, on the base made here', async ({ skip }) => {
    if (base === undefined || !base.reference.startsWith('bot-bottle/base:')) return skip('another base');
    for (const image of others)
      expect(await inside(image, 'find / -xdev -perm /6000 -type f 2>/dev/null || true')).toBe('');
  });
});
