import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoApi } from './demo-api.ts';

/** Names of host variables that the demo's secrets come from. */
export const tokenVariable = 'BOT_BOTTLE_DEMO_API_TOKEN';
export const keyVariable = 'BOT_BOTTLE_DEMO_DEPLOY_KEY';

export interface DemoHome {
  readonly path: string;
  remove(): Promise<void>;
}

/** A home folder of the demo's own, so that nothing of the user's is read or touched. */
export async function makeDemoHome(api: DemoApi): Promise<DemoHome> {
  const root = await mkdtemp(join(tmpdir(), 'bot-bottle-demo-'));
  const path = join(root, 'home');
  const caFile = join(root, 'api-ca.crt');
  for (const folder of ['', 'bottles', 'agents']) await mkdir(join(path, folder), { mode: 0o700 });
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(path, name), text, { mode: 0o600 });
  await writeFile(caFile, api.ca);
  await write(
    'settings.yml',
    `backend: bubblewrap\nextra_ca_file: ${caFile}\nhosts:\n  ${DemoApi.host}: 127.0.0.1\n`,
  );
  await write('bottles/demo.md', bottle(api.port));
  await write('agents/demo.md', '---\nbottle: demo\n---\n');
  return { path, remove: () => rm(root, { recursive: true, force: true }) };
}

const bottle = (port: number): string => `---
agent_provider: { template: command, command: [bash] }
supervise: false
env:
  DEPLOY_KEY: \${${keyVariable}}
egress:
  routes:
    - host: ${DemoApi.host}
      ports: [${port}]
      methods: [GET, POST]
      path_allowlist: [/v1]
      auth: { scheme: Bearer, token_ref: ${tokenVariable} }
      address_allowlist: [127.0.0.1/32]
---
`;
