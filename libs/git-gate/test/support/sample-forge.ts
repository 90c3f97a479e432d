import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeployKeyForge } from '@bot-bottle/manifest';
import { forgeClient, type ForgeClient, type ForgeClientOptions } from '../../src/index.ts';
import { FakeForge } from '../../src/testing/index.ts';

export const providers: readonly DeployKeyForge[] = ['gitea', 'github', 'gitlab'];
export const repo = 'owner/name';
export const token = 'tok-4f1bd2c09a7e';
export const tokenRef = 'FORGE_TOKEN';

/** A forge with the repository `owner/name` and a token that may manage it. */
export async function sampleForge(provider: DeployKeyForge, others = 0): Promise<FakeForge> {
  const forge = await FakeForge.start(provider);
  forge.addRepo(repo, sampleKeys(others));
  forge.state.admins.add(token);
  return forge;
}

/** A client for it that does not really wait; `waits` gets what it would have waited, in milliseconds. */
export function sampleClient(
  provider: DeployKeyForge,
  forge: FakeForge,
  options: Partial<ForgeClientOptions> = {},
  waits: number[] = [],
): ForgeClient {
  return forgeClient({
    provider,
    host: '127.0.0.1',
    apiUrl: forge.apiUrl,
    repoPath: `/${repo}.git`,
    token,
    tokenRef,
    wait: async (ms) => {
      waits.push(ms);
    },
    ...options,
  });
}

/** Public keys that nobody has the private half of. */
export function sampleKeys(count: number): string[] {
  return Array.from({ length: count }, () => {
    const blob = Buffer.concat([
      Buffer.from('0000000b7373682d6564323535313900000020', 'hex'),
      randomBytes(32),
    ]);
    return `ssh-ed25519 ${blob.toString('base64')}`;
  });
}

/** A private folder that is removed at the end. */
export async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'bb-deploy-keys-'));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

/** The error of something that must fail. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}
