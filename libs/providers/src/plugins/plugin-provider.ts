import type { AgentProvider, ProviderContext } from '../contracts.ts';
import { ProviderError } from '../errors.ts';
import { checked } from './define-provider.ts';
import {
  definitionSchema,
  guestCommandsSchema,
  headlessRunSchema,
  provisionPlanSchema,
  runtimeSchema,
} from './definition-schema.ts';

/** Milliseconds for a plugin to answer. */
const planLimitMs = 30_000;

/**
 * A provider of what a plugin exports. Whatever the plugin gives is checked, and whatever it throws is an error that
 * names it.
 *
 * @param place file of the plugin, and the Dockerfile beside it
 * @throws ProviderError `invalid_provider`
 */
export function pluginProvider(
  exported: unknown,
  place: { readonly name: string; readonly file: string; readonly dockerfile: string | null },
): AgentProvider {
  const { name, file } = place;
  if (typeof exported !== 'object' || exported === null)
    throw pluginError(file, 'its default export must be what defineProvider() gave');
  const definition = checked(definitionSchema, exported, file);
  if (definition.name !== name)
    throw pluginError(file, `it is called ${definition.name}, and lies in the folder of ${name}`);
  const guarded = <T>(what: string, call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw thrown(file, what, error);
    }
  };
  return {
    name,
    origin: file,
    skillsDir: definition.skillsDir,
    runtime: (context) => {
      const given = guarded('runtime()', () => definition.runtime(context));
      const runtime = checked(runtimeSchema, given, `${file}: what runtime() gives`);
      const { agentProvider } = context.bottle;
      return {
        ...runtime,
        dockerfile: agentProvider.dockerfile ?? runtime.dockerfile ?? place.dockerfile,
        headlessArgs: (prompt, options) => {
          const run = guarded('headlessArgs()', () => runtime.headlessArgs(prompt, options));
          return checked(headlessRunSchema, run, `${file}: what headlessArgs() gives`);
        },
      };
    },
    plan: async (context: ProviderContext) => {
      const given = await answered(file, async () => await definition.plan(context));
      return checked(provisionPlanSchema, given, `${file}: what plan() gives`);
    },
    superviseCommands: (url) => {
      const given = guarded('superviseCommands()', () => definition.superviseCommands(url));
      return checked(guestCommandsSchema, given, `${file}: what superviseCommands() gives`);
    },
  };
}

async function answered<T>(file: string, call: () => Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(pluginError(file, `plan() gave nothing within ${planLimitMs / 1000} seconds`)),
    planLimitMs,
  );
  try {
    return await Promise.race([call(), limit.promise]);
  } catch (error) {
    throw ProviderError.isInstance(error) ? error : thrown(file, 'plan()', error);
  } finally {
    clearTimeout(timer);
  }
}

/** The error of a plugin that cannot be used. */
export function pluginError(file: string, what: string, cause?: unknown): ProviderError {
  return new ProviderError('invalid_provider', `${file}: ${what}`, {
    hint: 'correct the plugin, or name another agent_provider.template',
    data: { file },
    cause,
  });
}

/** What a plugin threw, in its own words. */
export function thrown(file: string, what: string, error: unknown): ProviderError {
  const message = error instanceof Error ? error.message : String(error);
  return pluginError(file, `${what} failed: ${message.split('\n', 1)[0] ?? ''}`, error);
}
