/**
 * A launcher that dies, as by SIGKILL or a power cut, at the point named by its second argument.
 * Arguments: JSON of the target, point, folder of the records.
 */
import { DeployKeyRecords, forgeClient, provisionDeployKey, type ForgeClient } from '../../src/index.ts';
import type { ForgeTarget } from '../../src/deploy-keys/forge-target.ts';

const [target = '', point = '', folder = ''] = process.argv.slice(2);
const die = (here: string): void => {
  if (here === point) process.kill(process.pid, 'SIGKILL');
};

class MortalRecords extends DeployKeyRecords {
  override async add(record: Parameters<DeployKeyRecords['add']>[0]): Promise<void> {
    die('before-record');
    await super.add(record);
    die('before-post');
  }

  override async setId(title: string, id: number): Promise<void> {
    die('before-id');
    await super.setId(title, id);
    die('after-id');
  }
}

const client: ForgeClient = forgeClient({
  ...(JSON.parse(target) as ForgeTarget),
  token: process.env['FORGE_TOKEN'] ?? '',
});
await provisionDeployKey({
  records: new MortalRecords(folder),
  client,
  identity: 'coder-abc12',
  readOnly: false,
});
