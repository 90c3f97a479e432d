import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { out, ran } from './program.ts';

/** One test's folder, network and containers, all labelled and all removed by `close`. */
export interface Scene {
  /** unique; part of every name */
  readonly id: string;
  readonly folder: string;
  readonly network: string;
  /** CIDR of the network */
  readonly subnet: () => Promise<string>;
  readonly gateway: () => Promise<string>;
  /** `docker run` with the scene's label on its network; the container's name */
  readonly run: (name: string, args: readonly string[]) => Promise<string>;
  /** Runs a script with `sh -eu` in the folder, as its reader would. */
  readonly sh: (script: string, env?: Readonly<Record<string, string>>) => Promise<string>;
  /** Waits until a condition holds; throws after `limitMs`, default 30 s, with what `describe` says. */
  readonly until: (
    condition: () => Promise<boolean>,
    describe: () => Promise<string>,
    limitMs?: number,
  ) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const testLabel = 'bot-bottle.images-test';

/** Makes the folder and the network. */
export async function openScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'bot-bottle-images-'));
  if (process.getuid?.() === 0) await chown(folder, 1000, 1000);
  const id =
    folder
      .slice(-6)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, 'x') + process.pid;
  const network = `bot-bottle-test-${id}`;
  const label = `${testLabel}=${id}`;
  await out('docker', ['network', 'create', '--label', label, network]);
  const networkField = (field: string): Promise<string> =>
    out('docker', ['network', 'inspect', '--format', `{{(index .IPAM.Config 0).${field}}}`, network]);
  return {
    id,
    folder,
    network,
    subnet: () => networkField('Subnet'),
    gateway: () => networkField('Gateway'),
    async run(name, args) {
      const full = `${network}-${name}`;
      await out('docker', [
        'run',
        '--detach',
        '--name',
        full,
        '--label',
        label,
        '--network',
        network,
        ...args,
      ]);
      return full;
    },
    sh: (script, env = {}) => out('sh', ['-eu', '-c', script], { cwd: folder, env }),
    async until(condition, describe, limitMs = 30_000) {
      const end = Date.now() + limitMs;
      while (!(await condition())) {
        if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${await describe()}`);
        await delay(100);
      }
    },
    async close() {
      const { stdout } = await ran('docker', ['ps', '--all', '--quiet', '--filter', `label=${label}`]);
      const containers = stdout.split('\n').filter((line) => line !== '');
      if (containers.length > 0) await out('docker', ['rm', '--force', '--volumes', ...containers]);
      await out('docker', ['network', 'rm', network]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on at present. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
