import type { GrantManifest } from './contracts.ts';
import { normalizeGrant } from './normalize/grant.ts';
import { parseYamlAs } from './parse-yaml-as.ts';
import { finding } from './rules/finding.ts';
import { normalizeHost } from './rules/host.ts';
import { checked } from './schema/checked.ts';
import { grantSchema } from './schema/grant.ts';

export interface GrantLimits {
  /** longest time */
  readonly maxMinutes: number;
  /** whether a host has a credential that could be added */
  readonly hasCredential: (host: string) => boolean;
}

/**
 * Reads reach that is given to a running bottle: `host`, `ports`, `path_allowlist`, `methods`, `minutes` and
 * `with_credential` as YAML. `[]` allows every path and every method, `minutes: null` has no end.
 *
 * @throws {ManifestErrors} all problems at once, each with its place
 */
export function parseGrant(
  source: { readonly text: string; readonly file: string },
  { maxMinutes, hasCredential }: GrantLimits,
): GrantManifest {
  const schema = checked(grantSchema(maxMinutes), (grant) =>
    !grant.with_credential || hasCredential(normalizeHost(grant.host) ?? grant.host)
      ? null
      : { ...noCredential, path: ['with_credential'] },
  );
  return normalizeGrant(parseYamlAs(schema, { ...source, entity: 'grant' }));
}

/** What is said of a grant with a credential that there is none of. */
export const noCredential = finding(
  'no route of this host has a credential',
  'say `with_credential: false`',
  'conflict',
);
