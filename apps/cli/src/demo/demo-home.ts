import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoBackend } from '../parse-options.ts';
import { DemoApi } from './demo-api.ts';
import { DemoRemote } from './demo-remote.ts';

/** Names of host variables that the demo's secrets come from. */
export const tokenVariable = 'BOT_BOTTLE_DEMO_API_TOKEN';
export const keyVariable = 'BOT_BOTTLE_DEMO_DEPLOY_KEY';

/** Everything around the demo's bottle that is not the operator's own. */
export interface DemoWorld {
  readonly api: DemoApi;
  readonly remote: DemoRemote;
  /** a home folder of the demo's own, so that nothing of the user's is read or touched */
  readonly home: string;
  remove(): Promise<void>;
}

/** @param address of this host, which the sidecars of the backend reach */
export async function makeDemoWorld(backend: DemoBackend, address: string): Promise<DemoWorld> {
  const root = await mkdtemp(join(tmpdir(), 'bot-bottle-demo-'));
  const open: Array<{ close(): Promise<void> }> = [];
  const remove = async (): Promise<void> => {
    await Promise.all(open.map((each) => each.close()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    const api = await DemoApi.open(address);
    open.push(api);
    const remote = await DemoRemote.open(root, address);
    open.push(remote);
    const home = await writeHome(root, { backend, address, api, remote });
    return { api, remote, home, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface DemoFacts extends Pick<DemoWorld, 'api' | 'remote'> {
  readonly backend: DemoBackend;
  readonly address: string;
}

async function writeHome(root: string, facts: DemoFacts): Promise<string> {
  const { backend, address, api, remote } = facts;
  const path = join(root, 'home');
  const keyFile = join(root, 'id_ed25519');
  await writeFile(keyFile, remote.clientKey, { mode: 0o600 });
  const caFile = join(root, 'api-ca.crt');
  for (const folder of ['', 'bottles', 'agents']) await mkdir(join(path, folder), { mode: 0o700 });
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(path, name), text, { mode: 0o600 });
  await writeFile(caFile, api.ca);
  await write(
    'settings.yml',
    `backend: ${backend}\nextra_ca_file: ${caFile}\nhosts:\n  ${DemoApi.host}: ${address}\n`,
  );
  await write('bottles/demo.md', bottle(facts, keyFile));
  await write('agents/demo.md', '---\nbottle: demo\n---\n');
  return path;
}

const bottle = ({ address, api: { port }, remote }: DemoFacts, keyFile: string): string => `---
agent_provider: { template: command, command: [bash] }
env:
  DEPLOY_KEY: \${${keyVariable}}
egress:
  routes:
    - host: ${DemoApi.host}
      ports: [${port}]
      methods: [GET, POST]
      path_allowlist: [/v1]
      auth: { scheme: Bearer, token_ref: ${tokenVariable} }
      address_allowlist: [${address}/32]
git-gate:
  user: { name: demo agent, email: agent@demo.test }
  repos:
    demo: { url: '${remote.url}', identity: '${keyFile}', host_key: '${remote.hostKey}' }
---
`;
