import type { Backend } from './attack.ts';

export interface Reach {
  readonly backend: Backend;
  readonly port: number;
  readonly upstream: string;
  readonly decoyPort: number;
  readonly caFile: string;
}

/** Hosts of routes whose address the operator gave; others are asked of the resolver. */
const fixedHosts = ['api', 'echo', 'open', 'git', 'socket', 'scanned', 'control'];

/** settings.yml: the upstream's CA and the addresses of the declared hosts. */
export function settingsText({ backend, upstream, caFile }: Reach): string {
  const hosts = fixedHosts.map((name) => `  ${name}.e2e.test: ${upstream}`);
  return [`backend: ${backend}`, `extra_ca_file: ${caFile}`, 'hosts:', ...hosts, ''].join('\n');
}

export interface GitRepo {
  readonly url: string;
  readonly identity: string;
  readonly hostKey: string;
}

/** Front matter of the bottle that is attacked: a little of everything that a bottle can allow. */
export function bottleText({ port, upstream, decoyPort }: Reach, repo: GitRepo): string {
  const route = (host: string, ...lines: string[]): string[] => [
    `    - host: "${host}"`,
    `      ports: [${port}]`,
    `      address_allowlist: [${upstream}/32]`,
    ...lines.map((line) => `      ${line}`),
  ];
  const auth = 'auth: { scheme: Bearer, token_ref: E2E_TOKEN }';
  return [
    'agent_provider: { template: command }',
    'env: { DEPLOY_KEY: "${E2E_ENV}" }',
    'git-gate:',
    '  user: { name: Agent, email: agent@e2e.test }',
    '  repos:',
    '    project:',
    `      url: ${repo.url}`,
    `      identity: ${repo.identity}`,
    `      host_key: ${repo.hostKey}`,
    '      push: { approve: never, tags: true }',
    'egress:',
    '  routes:',
    ...route('api.e2e.test', 'methods: [GET, POST]', 'path_allowlist: [/v1]', auth),
    ...route('echo.e2e.test', auth),
    ...route('open.e2e.test'),
    ...route('git.e2e.test', 'git: { fetch: true }'),
    ...route('scanned.e2e.test'),
    ...route('socket.e2e.test', 'dlp: { outbound: false }'),
    ...route('*.wild.e2e.test'),
    ...route('*.rebind.e2e.test'),
    // May go to where the decoys listen: the control of those below, which may not.
    '    - host: control.e2e.test',
    `      ports: [${decoyPort}]`,
    `      address_allowlist: [${upstream}/32]`,
    '    - host: "*.ssrf.e2e.test"',
    `      ports: [443, ${port}, ${decoyPort}]`,
  ].join('\n');
}
