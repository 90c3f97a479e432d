import {
  botBottleHome,
  BackendError,
  describeDeployKey,
  enumerateActive,
  loadSettings,
  revokeRecordedKey,
  runtimeDir,
  StateStore,
  type Leftover,
} from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import { DeployKeyRecords } from '@bot-bottle/git-gate';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { builtBackends } from '../launch/choose-backend.ts';
import { reportOptionsSchema } from '../parse-options.ts';
import { confirm } from '../terminal/prompts.ts';

/** milliseconds that one deploy key gets; rate limits of a forge are waited for */
const revokeLimitMs = 5 * 60_000;

/** What is removed, whoever left it. */
type Found = Pick<Leftover, 'identity' | 'description' | 'remove'> & {
  readonly kind: Leftover['kind'] | 'deploy-key';
  readonly backend: string | null;
};

/** `cleanup`: what dead bottles of any backend left behind, removed after one confirmation. */
export async function cleanup({ io, printer }: CommandContext, given: object): Promise<number> {
  const { json, yes } = reportOptionsSchema.parse(given);
  const found = await findAll(io);
  if (found.length === 0) {
    if (json) printer.json({ leftovers: [], failed: [] });
    else printer.note('nothing is left over');
    return 0;
  }
  if (!json)
    printer.result(found.map((each) => `${each.kind}  ${visibleLine(each.description, 300)}`).join('\n'));
  if (!yes && !(await confirm(`Remove ${found.length} leftovers?`, 'confirm beforehand with --yes'))) {
    printer.note('nothing was removed');
    return 1;
  }
  const failed = await removeAll(found, printer);
  // What hangs on something else, e.g. the home of a state that is gone now, shows only then.
  const bottles = new Set(found.map(({ identity }) => identity));
  const shownBefore = new Set(found.map(({ description }) => description));
  const later = (await findAll(io)).filter(
    ({ identity, description }) => bottles.has(identity) && !shownBefore.has(description),
  );
  failed.push(...(await removeAll(later, printer)));
  found.push(...later);
  if (json) printer.json({ leftovers: found.map(factsOf), failed });
  else printer.note(`removed ${found.length - failed.length} of ${found.length}`);
  return failed.length === 0 ? 0 : 1;
}

const factsOf = ({ remove: _remove, ...facts }: Found): Omit<Found, 'remove'> => facts;

/** @returns descriptions of what could not be removed */
async function removeAll(found: readonly Found[], printer: CommandContext['printer']): Promise<string[]> {
  const failed: string[] = [];
  for (const each of found) {
    try {
      await each.remove();
    } catch (error) {
      failed.push(each.description);
      printer.warning(`${each.description}: ${reasonOf(error)}`);
    }
  }
  return failed;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'could not be removed';
  const hint: unknown = Reflect.get(error, 'hint');
  return typeof hint === 'string' ? `${error.message} (${hint})` : error.message;
}

async function findAll(io: CommandContext['io']): Promise<Found[]> {
  const { bottles, silent } = await enumerateActive({ runtimeDir: runtimeDir(io.env) });
  const live = new Set([...bottles, ...silent].map(({ identity }) => identity));
  const state = await staleState(io, live);
  const found: Found[] = [];
  const settings = await loadSettings(botBottleHome(io.env));
  for (const make of Object.values(builtBackends)) {
    const backend = await make?.(settings);
    if (backend !== undefined) found.push(...(await backend.leftovers(live)));
  }
  return [...found, ...state];
}

/** State folders that nobody owns and nobody asked to keep. Whoever launches meanwhile is added to the live ones. */
async function staleState({ env }: CommandContext['io'], live: Set<string>): Promise<Found[]> {
  const store = new StateStore(botBottleHome(env));
  const stale: Found[] = [];
  for (const { identity, stateDir, preserved } of await store.list()) {
    if (live.has(identity)) continue;
    try {
      await (await store.lock(identity)).release();
    } catch (error) {
      if (!BackendError.isInstance(error)) throw error;
      live.add(identity);
      continue;
    }
    stale.push(...(await staleDeployKeys({ store, identity, stateDir, env })));
    if (preserved) continue;
    const description = `state of ${identity} (${stateDir})`;
    stale.push({
      backend: null,
      kind: 'folder',
      identity,
      description,
      remove: async () => {
        // Somebody may have resumed it since it was found.
        const lock = await store.lockExisting(identity);
        try {
          if (await store.isPreserved(identity))
            throw new CliError('refused', 'kept, because it is preserved now');
          // What is recorded there is the only way to find them.
          if ((await new DeployKeyRecords(stateDir).list()).length > 0) {
            throw new CliError(
              'refused',
              'kept, because deploy keys are recorded in it that are not revoked',
            );
          }
          await store.remove(identity);
        } finally {
          await lock.release();
        }
      },
    });
  }
  return stale;
}

/** Keys of a dead bottle that may still be registered with a forge. */
async function staleDeployKeys(of: {
  readonly store: StateStore;
  readonly identity: string;
  readonly stateDir: string;
  readonly env: CommandContext['io']['env'];
}): Promise<Found[]> {
  const { store, identity, stateDir, env } = of;
  const found = { backend: null, kind: 'deploy-key', identity } as const;
  try {
    return (await new DeployKeyRecords(stateDir).list()).map((record) => ({
      ...found,
      description: `deploy key ${describeDeployKey(record)}`,
      remove: async () => {
        const lock = await store.lock(identity);
        try {
          const limit = AbortSignal.timeout(revokeLimitMs);
          await revokeRecordedKey(new DeployKeyRecords(stateDir), record, env[record.tokenRef], limit);
        } finally {
          await lock.release();
        }
      },
    }));
  } catch (error) {
    const remove = (): Promise<never> => Promise.reject(error);
    return [{ ...found, description: `deploy keys of ${identity}, whose records cannot be read`, remove }];
  }
}
