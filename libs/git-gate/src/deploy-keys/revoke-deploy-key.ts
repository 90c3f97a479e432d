import type { DeployKeyRecord } from './deploy-key-record.ts';
import type { DeployKeyRecords } from './deploy-key-records.ts';
import { DeployKeyError } from './error.ts';
import type { ForgeClient } from './forge-client.ts';
import type { ForgeTarget } from './forge-target.ts';

/** Where the key of a record is registered: with a token, the options of `forgeClient`. */
export function targetOf(record: DeployKeyRecord): ForgeTarget {
  const { forge: provider, apiUrl, host, repoPath, tokenRef } = record;
  return { provider, apiUrl, host, repoPath, tokenRef };
}

/**
 * Removes the key of a record from its forge, by its id, else by what the forge lists, and then the record. A forge
 * also answers 404 to a token that cannot see the repository, so «no such key» counts only when the keys can be listed.
 *
 * @returns `absent` when the forge did not have the key
 * @throws DeployKeyError when the key may still be there; the record is kept then
 */
export async function revokeDeployKey(
  record: DeployKeyRecord,
  client: ForgeClient,
  records: DeployKeyRecords,
): Promise<'removed' | 'absent'> {
  const target = targetOf(record);
  const isOther = (Object.keys(target) as (keyof ForgeTarget)[]).some(
    (key) => target[key] !== client.target[key],
  );
  if (isOther) throw new DeployKeyError('invalid_target', `${record.title} belongs to another repository`);
  const isRemoved =
    (record.id !== null && (await client.remove(record.id))) || (await removeListed(record, client));
  await records.remove(record.title);
  return isRemoved ? 'removed' : 'absent';
}

async function removeListed(record: DeployKeyRecord, client: ForgeClient): Promise<boolean> {
  const id = await client.find(record);
  if (id === null) return false;
  if (await client.remove(id)) return true;
  // GitHub also says 404 for what a token may see but not delete.
  if ((await client.find(record)) === null) return false;
  throw new DeployKeyError('forbidden', `the forge lists the key ${record.title} but does not remove it`, {
    hint: `the token in ${record.tokenRef} must be allowed to manage deploy keys of ${record.repoPath}`,
  });
}
