import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DeployKeyForge } from '@bot-bottle/manifest';
import { DeployKeyRecords, forgeClient, revokeDeployKey, targetOf } from '../src/index.ts';
import type { FakeForge } from '../src/testing/index.ts';
import {
  providers,
  repo,
  sampleClient,
  sampleForge,
  scratch,
  token,
  tokenRef,
} from './support/sample-forge.ts';

const script = join(import.meta.dirname, 'support/provision-and-die.ts');

/** Runs the launcher until it dies at the point, or `killAt` gives it away while the forge holds its POST. */
async function launch(
  provider: DeployKeyForge,
  forge: FakeForge,
  folder: string,
  point: string,
): Promise<void> {
  const target = JSON.stringify(sampleClient(provider, forge).target);
  const child = spawn(
    process.execPath,
    [
      '--conditions=@bot-bottle/source',
      '--disable-warning=ExperimentalWarning',
      script,
      target,
      point,
      folder,
    ],
    { env: { FORGE_TOKEN: token }, stdio: ['ignore', 'ignore', 'inherit'], timeout: 15_000 },
  );
  const when = point === 'during-post' ? 'before' : 'after';
  forge.fault = ({ method }) => {
    if (method !== 'POST' || !['during-post', 'after-post'].includes(point)) return null;
    queueMicrotask(() => child.kill('SIGKILL'));
    return { kind: 'hang', when };
  };
  const [code, signal] = await once(child, 'exit');
  forge.fault = () => null;
  expect([code, signal]).toEqual([null, 'SIGKILL']);
}

const points = [
  { point: 'before-record', recorded: 0, atForge: 0, hasId: false },
  { point: 'before-post', recorded: 1, atForge: 0, hasId: false },
  { point: 'during-post', recorded: 1, atForge: 0, hasId: false },
  { point: 'after-post', recorded: 1, atForge: 1, hasId: false },
  { point: 'before-id', recorded: 1, atForge: 1, hasId: false },
  { point: 'after-id', recorded: 1, atForge: 1, hasId: true },
];

describe.each(providers)('%s', (provider) => {
  test.each(points)('a launcher killed $point leaves nothing that is not found', async (at) => {
    await using folder = await scratch();
    await using forge = await sampleForge(provider, 120);
    const others = [...forge.keys(repo)];
    await launch(provider, forge, folder.path, at.point);
    expect(forge.keys(repo)).toHaveLength(others.length + at.atForge);

    const records = new DeployKeyRecords(folder.path);
    const left = await records.list();
    expect(left.map((record) => record.id !== null)).toEqual(at.recorded === 0 ? [] : [at.hasId]);
    for (const record of left) {
      expect(record.tokenRef).toBe(tokenRef);
      const client = forgeClient({ ...targetOf(record), token });
      expect(await revokeDeployKey(record, client, records)).toBe(at.atForge === 1 ? 'removed' : 'absent');
    }
    expect(forge.keys(repo)).toEqual(others);
    expect(await records.list()).toEqual([]);
  });
});
