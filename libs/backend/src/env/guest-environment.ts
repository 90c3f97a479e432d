import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { Canary } from './canary.ts';
import { guestCaFile, guestSuperviseUrl } from './guest-paths.ts';

const proxyUrl = 'http://egress:9099';
const noProxy = 'localhost,127.0.0.1,::1,git-gate,supervise';
const proxyNames = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];

/** Every name under which a runtime or tool looks for a CA bundle. */
export const caEnvNames = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'DENO_CERT',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'NPM_CONFIG_CAFILE',
  'CODEX_CA_CERTIFICATE',
] as const;

export interface GuestEnvironmentOptions {
  /** folders of programs bound from the host, before the system's */
  readonly pathEntries?: readonly string[];
  /** TERM of the operator's terminal */
  readonly term?: string;
}

/**
 * Environment of every process in a bottle. Strongest first: what makes the bottle work, the canary, the bottle's env
 * (forwarded before literal), the provider's.
 *
 * @param forwarded env secrets, by name
 */
export function guestEnvironment(
  plan: Pick<BottlePlan, 'env' | 'sidecars' | 'guestHome'>,
  forwarded: Iterable<readonly [string, string]>,
  canary: Canary | null,
  options: GuestEnvironmentOptions = {},
): Record<string, string> {
  return {
    LANG: 'C.UTF-8',
    TERM: options.term ?? 'xterm-256color',
    ...plan.env,
    ...Object.fromEntries(forwarded),
    ...(canary === null ? {} : { [canary.name]: canary.value }),
    ...ownEnvironment(plan, options),
  };
}

function ownEnvironment(
  plan: Pick<BottlePlan, 'sidecars' | 'guestHome'>,
  options: GuestEnvironmentOptions,
): Record<string, string> {
  const own: Record<string, string> = {
    HOME: plan.guestHome,
    USER: 'node',
    LOGNAME: 'node',
    SHELL: '/bin/bash',
    PATH: guestPath(plan.guestHome, options.pathEntries ?? []),
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    // Node's own fetch and https ignore the proxy variables without it.
    NODE_USE_ENV_PROXY: '1',
  };
  for (const name of proxyNames) own[name] = proxyUrl;
  for (const name of caEnvNames) own[name] = guestCaFile;
  if (plan.sidecars.includes('supervise')) own['MCP_SUPERVISE_URL'] = guestSuperviseUrl;
  return own;
}

function guestPath(home: string, extra: readonly string[]): string {
  const system = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([`${home}/.local/bin`, ...extra, ...system])].join(':');
}
