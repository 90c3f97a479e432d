import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadPlugin, type AgentProvider } from '@bot-bottle/providers';

/**
 * The operator's own provider of that name, in a list that goes before the built-in ones.
 *
 * @throws ProviderError `invalid_provider`
 */
export async function findPlugin(botBottleHome: string, name: string): Promise<readonly AgentProvider[]> {
  const plugin = await loadPlugin({ contrib: join(botBottleHome, 'contrib'), name, api: apiModule() });
  return plugin === null ? [] : [plugin];
}

/** Beside this file when built, else in the package's `dist`. */
function apiModule(): URL {
  const built = join(import.meta.dirname, 'provider-api.js');
  return pathToFileURL(existsSync(built) ? built : join(import.meta.dirname, '../../dist/provider-api.js'));
}
