import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { LineCounter } from 'yaml';
import type { z } from 'zod';
import { BackendError } from '../errors.ts';
import { settingsSchema, type Settings, type SettingsFile } from './settings-schema.ts';

/**
 * Settings of a text; an empty one gives the defaults.
 *
 * @param file path shown in errors; relative paths in the text start at its folder
 * @throws BackendError `settings_invalid` with every problem and its position
 */
export async function parseSettings(text: string, file: string): Promise<Settings> {
  // Loaded only when there are settings: most launches start without.
  const { isNode, LineCounter: Lines, parseDocument } = await import('./yaml-parser.ts');
  const lines = new Lines();
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2', schema: 'core' });
  } catch (error) {
    // Where the stack ends for one level of the parser for each of the text.
    if (!(error instanceof RangeError)) throw error;
    throw invalid([`${file}: the YAML is nested too deeply`], file);
  }
  const problems = [...document.errors, ...document.warnings].map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return `${file}:${line}:${col}: ${message.split('\n')[0] ?? ''}`;
  });
  if (problems.length > 0) throw invalid(problems, file);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 }) ?? {};
  } catch (error) {
    throw invalid([`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`], file);
  }
  const offsetOf: OffsetOf = (path) => {
    const node: unknown = document.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  };
  const result = settingsSchema.safeParse(value);
  if (!result.success) {
    throw invalid(
      flatten(result.error.issues).map(
        (issue) => `${file}:${position(offsetOf, lines, issue.path)}: ${describe(issue)}`,
      ),
      file,
    );
  }
  return withDefaults(result.data, resolve(file, '..'));
}

/** Settings with defaults filled in and paths made absolute. */
export function withDefaults(found: SettingsFile, folder: string): Settings {
  const absolute = (path: string): string => {
    const expanded = path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
    return isAbsolute(expanded) ? expanded : resolve(folder, expanded);
  };
  const proxy =
    typeof found.upstream_proxy === 'string' ? { url: found.upstream_proxy } : found.upstream_proxy;
  return {
    backend: found.backend ?? null,
    upstreamProxy:
      proxy === undefined
        ? null
        : { url: proxy.url, authEnv: ('auth_env' in proxy ? proxy.auth_env : null) ?? null },
    noProxy: found.no_proxy ?? [],
    extraCaFile: found.extra_ca_file === undefined ? null : absolute(found.extra_ca_file),
    hosts: found.hosts ?? {},
    docker: {
      egressNetwork: found.docker?.egress_network ?? null,
      runtime: found.docker?.runtime ?? null,
      host: found.docker?.host ?? null,
      baseImage: found.docker?.base_image ?? null,
    },
    bubblewrap: { programs: (found.bubblewrap?.programs ?? []).map((path) => absolute(path)) },
    gitGate: {
      scanner: found.git_gate?.scanner ?? 'auto',
      gitleaks: found.git_gate?.gitleaks === undefined ? null : absolute(found.git_gate.gitleaks),
    },
    notify: { command: found.notify?.command ?? null, webhook: found.notify?.webhook ?? null },
    editor: found.editor ?? null,
  };
}

type Issue = z.core.$ZodIssue;
/** Offset of the node at a path, undefined when there is none. */
type OffsetOf = (path: readonly PropertyKey[]) => number | undefined;

/** Issues with those of the union's closest branch in place of "invalid input". */
function flatten(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const branch =
      issue.errors.findLast((inner) => inner.length > 0 && inner.every(({ path }) => path.length > 0)) ??
      issue.errors[0];
    return flatten(branch ?? []).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
}

function describe(issue: Issue): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const allowed = path === '' ? Object.keys(settingsSchema.shape).toSorted().join(', ') : null;
    const keys = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`)).join(', ');
    return `unknown key ${keys}${allowed === null ? '' : ` (known: ${allowed})`}`;
  }
  return `${path === '' ? 'the settings' : path}: ${issue.message}`;
}

function position(offsetOf: OffsetOf, lines: LineCounter, path: readonly PropertyKey[]): string {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsetOf(path.slice(0, length));
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  }
  return '1:1';
}

function invalid(problems: readonly string[], file: string): BackendError {
  return new BackendError('settings_invalid', problems.join('\n'), { data: { file, problems } });
}
