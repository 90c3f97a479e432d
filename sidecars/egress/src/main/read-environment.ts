import { readFileSync } from 'node:fs';
import {
  EgressError,
  egressConfigSchema,
  parseTable,
  parseUpstreamProxy,
  secretSlots,
} from '@bot-bottle/egress';
import type { EgressConfig, RouteTable } from '@bot-bottle/egress';
import { ProtocolError } from '@bot-bottle/sidecar-protocol';
import { parseListen } from '@bot-bottle/sidecar-protocol/program';
import { EgressServerError } from '../errors.ts';

/** What a stand-alone sidecar is configured with. */
export interface StandAlone {
  readonly config: EgressConfig;
  readonly secrets: Readonly<Record<string, string>>;
  readonly routesFile: string;
  /** folder of the audit log, null: events go to the log */
  readonly auditFolder: string | null;
}

const secretName =
  /^(?:EGRESS_TOKEN_\d+|EGRESS_SECRET_\d+|EGRESS_CANARY|EGRESS_ACCESS_TOKEN|EGRESS_UPSTREAM_PROXY)$/;

/**
 * Reads configuration and secrets from the environment and the files it names, and deletes the secrets from it.
 *
 * @throws EgressServerError `invalid_config` with every problem at once; no message holds a value
 */
export function readEnvironment(env: NodeJS.ProcessEnv): StandAlone {
  const problems: string[] = [];
  const attempt = <T>(name: string, what: () => T): T | null => {
    try {
      return what();
    } catch (error) {
      const known = EgressError.isInstance(error)
        ? error.problems
        : EgressServerError.isInstance(error)
          ? error.data.problems
          : ProtocolError.isInstance(error)
            ? [error.message]
            : [];
      problems.push(
        ...(known.length > 0 ? known.map((text) => `${name}: ${text}`) : [`${name} cannot be read`]),
      );
      return null;
    }
  };
  const required = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') problems.push(`${name} is not set`);
    return value ?? '';
  };
  const secrets = takeSecrets(env);
  const routesFile = required('EGRESS_ROUTES');
  const table = routesFile === '' ? null : attempt('EGRESS_ROUTES', () => readTable(routesFile));
  const caCert = required('EGRESS_CA_CERT');
  const cert = caCert === '' ? null : attempt('EGRESS_CA_CERT', () => pem(caCert));
  const caKey = required('EGRESS_CA_KEY');
  const key = caKey === '' ? null : attempt('EGRESS_CA_KEY', () => pem(caKey));
  delete env['EGRESS_CA_KEY'];
  const listen = env['EGRESS_LISTEN'] ?? '127.0.0.1:9099';
  attempt('EGRESS_LISTEN', () => parseListen(listen));
  const extra = env['EGRESS_EXTRA_CA'] ?? '';
  const extraCa = extra === '' ? null : attempt('EGRESS_EXTRA_CA', () => pem(extra));
  const { EGRESS_UPSTREAM_PROXY: proxyUrl = '', ...held } = secrets;
  const proxy = proxyUrl === '' ? null : attempt('EGRESS_UPSTREAM_PROXY', () => parseUpstreamProxy(proxyUrl));
  const log = env['EGRESS_LOG'] ?? '1';
  if (!/^[012]$/.test(log)) problems.push('EGRESS_LOG is not 0, 1 or 2');
  if (problems.length > 0) {
    throw new EgressServerError('invalid_config', `invalid configuration: ${problems.join('; ')}`, problems);
  }
  const envSecrets = Object.keys(held).filter((name) => name.startsWith('EGRESS_SECRET_'));
  const config = egressConfigSchema.parse({
    bottle: 'stand-alone',
    listen,
    table,
    ca: { cert },
    extra_ca: extraCa,
    upstream_proxy:
      proxy === null ? null : { url: proxy.url, no_proxy: [], has_credentials: proxy.credentials !== null },
    hosts: {},
    supervise: false,
    budget: { request_bytes: null, total_bytes: null },
    dlp_allow: [],
    env_secrets: Object.fromEntries(envSecrets.map((name) => [name, name])),
    log: Number(log),
  });
  const proxySecret = proxy?.credentials ?? null;
  return {
    config,
    secrets: {
      ...held,
      [secretSlots.caKey]: key ?? '',
      ...(proxySecret === null ? {} : { [secretSlots.upstreamProxyAuth]: proxySecret }),
    },
    routesFile,
    auditFolder: env['EGRESS_AUDIT'] ?? null,
  };
}

/** Reads and checks a route table file. */
export function readTable(path: string): RouteTable {
  return parseTable(JSON.parse(readFileSync(path, 'utf8')));
}

/** A PEM text, or the file that holds one. */
function pem(value: string): string {
  return value.startsWith('-----BEGIN ') ? value : readFileSync(value, 'utf8');
}

/** Secrets do not stay in the environment, which other processes of the same user can read. */
function takeSecrets(env: NodeJS.ProcessEnv): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const name of Object.keys(env)) {
    if (!secretName.test(name)) continue;
    secrets[name] = env[name] ?? '';
    delete env[name];
  }
  return secrets;
}
