import { lstat, stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AgentProvider } from '../contracts.ts';
import { ProviderError } from '../errors.ts';
import { pluginError, pluginProvider, thrown } from './plugin-provider.ts';

export interface PluginPlace {
  /** folder of all plugins, `~/.bot-bottle/contrib` */
  readonly contrib: string;
  /** of the provider, and of its folder */
  readonly name: string;
  /** module that plugins get for `@bot-bottle/providers` where they have none of their own */
  readonly api: URL;
  /** milliseconds for its module to be loaded, default 10 000 */
  readonly limitMs?: number;
}

/**
 * The provider that the operator put into `contrib/<name>/provider.mjs`, null when there is none. Only the one that is
 * asked for is loaded, so a broken one harms no other agent. It runs in the launcher with the operator's rights: a file
 * that somebody else could have written is refused.
 *
 * @throws ProviderError `invalid_provider`, naming the file
 */
export async function loadPlugin({
  contrib,
  name,
  api,
  limitMs = 10_000,
}: PluginPlace): Promise<AgentProvider | null> {
  const folder = join(contrib, name);
  const file = join(folder, 'provider.mjs');
  if (!(await exists(file))) {
    if (!(await exists(folder))) return null;
    throw pluginError(file, 'it is not there; a plugin is a folder with this file');
  }
  for (const path of [contrib, folder, file]) await refuseForeign(path, file);
  const dockerfile = join(folder, 'Dockerfile');
  offerApi(contrib, api);
  const loading = import(pathToFileURL(file).href) as Promise<{ readonly default?: unknown }>;
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(pluginError(file, `it does not load within ${limitMs} ms`)),
    limitMs,
  );
  try {
    const module = await Promise.race([loading, limit.promise]);
    const place = { name, file, dockerfile: (await exists(dockerfile)) ? dockerfile : null };
    return pluginProvider(module.default, place);
  } catch (error) {
    throw ProviderError.isInstance(error) ? error : thrown(file, 'loading it', error);
  } finally {
    clearTimeout(timer);
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function refuseForeign(path: string, file: string): Promise<void> {
  const uid = process.getuid?.();
  const found = await stat(path).catch((error: unknown) => {
    throw thrown(file, `looking at ${path}`, error);
  });
  if (uid !== undefined && found.uid !== uid)
    throw pluginError(file, `${path} belongs to user ${found.uid}, not to ${uid}`);
  if ((found.mode & 0o022) !== 0)
    throw pluginError(file, `${path} can be written by other users: chmod go-w it`);
}

const offered = new Set<string>();

/** Once a folder: what a plugin there imports by our name is this program's own, unless it brought another one along. */
function offerApi(contrib: string, api: URL): void {
  if (offered.has(contrib)) return;
  offered.add(contrib);
  const below = `${pathToFileURL(contrib).href}/`;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== '@bot-bottle/providers' || context.parentURL?.startsWith(below) !== true)
        return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return { url: api.href, shortCircuit: true };
      }
    },
  });
}
