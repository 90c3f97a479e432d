import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { realRules } from '@bot-bottle/pipelock/testing';
import { parseAllDocuments } from 'yaml';

/** What the stand-in goes by, after the defaults of pipelock. */
export interface Config {
  readonly mode: string;
  readonly enforce: boolean;
  readonly api_allowlist: readonly string[];
  readonly forward: boolean;
  readonly patterns: boolean;
  readonly body: { readonly action: 'warn' | 'block'; readonly headers: boolean; readonly all: boolean };
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    readonly passthrough: readonly string[];
  } | null;
  readonly networks: readonly string[];
}

/** Reads, validates and completes a configuration as pipelock's loader does. Throws an Error that says why not. */
export function loadConfig(path: string): Config {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'));
  const [first, ...more] = Array.isArray(documents) ? documents : [];
  if (first === undefined) throw new Error('invalid config: it is empty');
  if (more.length > 0) throw new Error(`parsing config ${path}: multiple YAML documents not supported`);
  if (first.errors[0] !== undefined) throw new Error(`parsing config ${path}: ${first.errors[0].message}`);
  const parsed = realRules.safeParse(first.toJS());
  if (!parsed.success) throw new Error(`invalid config: ${parsed.error.message}`);
  const given = parsed.data;
  const body = given.request_body_scanning;
  return {
    mode: given.mode ?? 'balanced',
    enforce: given.enforce ?? true,
    api_allowlist: given.api_allowlist ?? [],
    forward: given.forward_proxy?.enabled ?? false,
    patterns: given.dlp?.include_defaults ?? true,
    body: {
      action: body?.action ?? 'warn',
      headers: body?.scan_headers ?? true,
      all: body?.header_mode === 'all',
    },
    tls: tlsOf(given.tls_interception, dirname(path)),
    networks: given.ssrf?.ip_allowlist ?? [],
  };
}

type Tls = NonNullable<ReturnType<typeof realRules.parse>['tls_interception']>;

function tlsOf(tls: Tls | undefined, folder: string): Config['tls'] {
  if (tls?.enabled !== true) return null;
  const cert = resolve(folder, tls.ca_cert ?? '~/.pipelock/ca.pem');
  const key = resolve(folder, tls.ca_key ?? '~/.pipelock/ca-key.pem');
  const mode = statSync(key).mode & 0o777;
  if ((mode & 0o137) !== 0) throw new Error(`CA key ${key} is too permissive: restrict to 0600 or 0640`);
  return {
    cert: readFileSync(cert, 'utf8'),
    key: readFileSync(key, 'utf8'),
    passthrough: tls.passthrough_domains ?? ['*.googlevideo.com'],
  };
}
