import { deployKeyTitle, type DeployKeyRecord } from './deploy-key-record.ts';
import type { DeployKeyRecords } from './deploy-key-records.ts';
import { DeployKeyError } from './error.ts';
import type { ForgeClient } from './forge-client.ts';

/** How long a forge that knows expiry accepts the key, in milliseconds. */
export const DEPLOY_KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

export interface ProvisionDeployKeyOptions {
  readonly records: DeployKeyRecords;
  readonly client: ForgeClient;
  /** identity of the bottle */
  readonly identity: string;
  readonly readOnly: boolean;
  readonly now?: Date;
}

export interface ProvisionedDeployKey {
  /** OpenSSH private key; it lives in memory only */
  readonly privateKey: string;
  readonly publicKey: string;
  readonly record: DeployKeyRecord;
}

/**
 * Makes a key and registers it. The record is on the disk before the forge hears of the key, so whatever ends this
 * process, `revokeDeployKey` finds it. After an error the record is kept unless the forge certainly did nothing:
 * revoke every record that `records.list()` gives.
 *
 * @throws DeployKeyError
 */
export async function provisionDeployKey(options: ProvisionDeployKeyOptions): Promise<ProvisionedDeployKey> {
  const { records, client, identity, readOnly, now = new Date() } = options;
  const { provider, apiUrl, host, repoPath, tokenRef } = client.target;
  const title = deployKeyTitle(identity);
  // The SSH library behind it is large: only a launch that makes a key loads it.
  const { generateKeyPair } = await import('./generate-key-pair.ts');
  const { privateKey, publicKey, fingerprint } = generateKeyPair(title);
  const record: DeployKeyRecord = {
    forge: provider,
    apiUrl,
    host,
    repoPath,
    tokenRef,
    title,
    fingerprint,
    id: null,
    createdAt: now.toISOString(),
  };
  await records.add(record);
  const expiresAt = new Date(now.getTime() + DEPLOY_KEY_LIFETIME_MS);
  let id: number;
  try {
    ({ id } = await client.create({ title, publicKey, readOnly, expiresAt }));
  } catch (error) {
    if (DeployKeyError.isInstance(error) && error.nothingDone)
      await records.remove(title).catch(() => undefined);
    throw error;
  }
  await records.setId(title, id);
  return { privateKey, publicKey, record: { ...record, id } };
}
