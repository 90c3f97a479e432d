import type { GrantManifest } from './contracts.ts';
import { normalizeGrant } from './normalize/grant.ts';
import { parseYamlAs } from './parse-yaml-as.ts';
import { grantSchema } from './schema/grant.ts';

/**
 * Reads reach that is given to a running bottle: `host`, `ports`, `path_allowlist`, `methods`, `minutes` and
 * `with_credential` as YAML. `[]` allows every path and every method, `minutes: null` has no end.
 *
 * @param limits `maxMinutes`: longest time
 * @throws {ManifestErrors} all problems at once, each with its place
 */
export function parseGrant(
  source: { readonly text: string; readonly file: string },
  { maxMinutes }: { readonly maxMinutes: number },
): GrantManifest {
  return normalizeGrant(parseYamlAs(grantSchema(maxMinutes), { ...source, entity: 'grant' }));
}
