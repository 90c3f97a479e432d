import type { PipelockConfig } from './config-schema.ts';
import { parseConfig } from './parse-config.ts';
import { renderConfig } from './render-config.ts';

/**
 * The text of a configuration in use with other hosts in `api_allowlist`, and all else as it is.
 *
 * @throws PipelockError `invalid_config`
 */
export function changeAllowlist(text: string, hosts: readonly string[]): string {
  return renderConfig({ ...parseConfig(text), api_allowlist: uniqueHosts(hosts) });
}

/** Adds hosts; the same text comes back when all are there. */
export function addToAllowlist(text: string, hosts: readonly string[]): string {
  return changeAllowlist(text, [...parseConfig(text).api_allowlist, ...hosts]);
}

const uniqueHosts = (hosts: readonly string[]): PipelockConfig['api_allowlist'] =>
  [...new Set(hosts)].toSorted((a, b) => (a < b ? -1 : 1));
