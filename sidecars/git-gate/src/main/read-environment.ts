import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { GitGateConfigInput } from '@bot-bottle/git-gate';
import { invalidConfig } from '../gate-config.ts';
import { standAloneRepos, standAloneSchema } from './stand-alone-config.ts';
import type { StandAloneFile } from './stand-alone-config.ts';

/** What a stand-alone gate is configured with. */
export interface StandAlone {
  readonly config: GitGateConfigInput;
  readonly secrets: Readonly<Record<string, string>>;
  /** folder of the audit log, null: events go to the log */
  readonly auditFolder: string | null;
}

const secretName = /^(?:GIT_GATE_SECRET_\d+|GIT_GATE_CANARY|GIT_GATE_ACCESS_TOKEN)$/;
const MAX_KEY_BYTES = 64 * 1024;

/**
 * Reads configuration and secrets from the environment and the files it names, and deletes the secrets from it.
 *
 * @throws GitGateServerError `invalid_config` with every problem at once; no message holds a value
 */
export function readEnvironment(env: NodeJS.ProcessEnv): StandAlone {
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') problems.push(`${name} is not set`);
    return value;
  };
  const secrets = takeSecrets(env);
  const file = required('GIT_GATE_CONFIG');
  const root = required('GIT_GATE_ROOT');
  const scanner = env['GIT_GATE_SCANNER'] ?? 'auto';
  if (scanner !== 'auto' && scanner !== 'gitleaks' && scanner !== 'builtin')
    problems.push('GIT_GATE_SCANNER is not auto, gitleaks or builtin');
  const declared = file === '' ? null : readConfig(file, problems);
  const { repos, identities } =
    declared === null ? { repos: [], identities: new Map() } : standAloneRepos(declared);
  for (const [slot, path] of identities) {
    const key = readKey(resolve(dirname(file), path));
    if (key === null) problems.push(`GIT_GATE_CONFIG: the key file ${path} cannot be read`);
    else secrets[slot] = key;
  }
  const program = (name: string): string => {
    const found = findProgram(name, env['PATH'] ?? '');
    if (found === null) problems.push(`${name} is not on PATH`);
    return found ?? '/';
  };
  const programs = {
    git: program('git'),
    ssh: program('ssh'),
    gitleaks: findProgram('gitleaks', env['PATH'] ?? ''),
  };
  if (problems.length > 0) throw invalidConfig(problems);
  const values = Object.keys(secrets).filter((name) => name.startsWith('GIT_GATE_SECRET_'));
  return {
    config: {
      bottle: 'stand-alone',
      listen: env['GIT_GATE_LISTEN'] ?? '127.0.0.1:9420',
      root: resolve(root),
      key_dir: join(resolve(root), '.keys'),
      programs,
      scanner: scanner as GitGateConfigInput['scanner'],
      // nobody can be asked
      supervise: false,
      repos,
      env_secrets: Object.fromEntries(values.map((name) => [name, name])),
    },
    secrets,
    auditFolder: env['GIT_GATE_AUDIT'] ?? null,
  };
}

function readConfig(path: string, problems: string[]): StandAloneFile | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    problems.push('GIT_GATE_CONFIG cannot be read as JSON');
    return null;
  }
  const parsed = standAloneSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path: at, message } of parsed.error.issues)
    problems.push(`GIT_GATE_CONFIG: ${at.join('.') || 'the file'} ${message}`);
  return null;
}

function readKey(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length <= MAX_KEY_BYTES && text.includes('PRIVATE KEY') ? text : null;
  } catch {
    return null;
  }
}

function findProgram(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return null;
}

/** Secrets do not stay in the environment, which other processes of the same user can read. */
function takeSecrets(env: NodeJS.ProcessEnv): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const name of Object.keys(env)) {
    if (!secretName.test(name)) continue;
    const value = env[name] ?? '';
    if (value !== '') secrets[name] = value;
    delete env[name];
  }
  return secrets;
}
