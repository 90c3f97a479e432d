import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bottle, BottleSpec } from '../contracts.ts';
import { guestWorkspace } from '../env/guest-paths.ts';
import { newIdentity } from '../state/identity.ts';
import { ParityFailure, type BottleContext, type ParityOutcome, type ParitySubject } from './parity-case.ts';

/** milliseconds that one case may take */
const caseLimitMs = 120_000;

/**
 * Runs a case and bounds it.
 *
 * @throws ParityFailure naming the backend, whatever went wrong
 */
export async function runCase<Context extends ParitySubject>(
  one: { readonly name: string; run(context: Context): Promise<ParityOutcome> },
  context: Context,
  limitMs: number = caseLimitMs,
): Promise<'yes' | 'not offered'> {
  const late = Promise.withResolvers<never>();
  const { name } = context.backend;
  const timer = setTimeout(
    () => late.reject(new ParityFailure(name, one.name, `nothing within ${limitMs / 1000} s`)),
    limitMs,
  );
  try {
    return (await Promise.race([one.run(context), late.promise])) ?? 'yes';
  } catch (error) {
    if (error instanceof ParityFailure) throw error;
    const failure = new ParityFailure(name, one.name, error instanceof Error ? error.message : error);
    throw Object.assign(failure, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Opens the bottle that bottle cases share; `close` returns what could not be undone. */
export async function openForParity(
  subject: ParitySubject,
): Promise<{ readonly context: BottleContext; readonly close: () => Promise<readonly string[]> }> {
  const shared = await openBottle(subject, {});
  return {
    context: {
      ...subject,
      bottle: shared.bottle,
      withBottle: async (spec, work) => {
        const own = await openBottle(subject, spec);
        try {
          return await work(own.bottle);
        } finally {
          await own.close();
        }
      },
    },
    close: shared.close,
  };
}

interface Opened {
  readonly bottle: Bottle;
  readonly close: () => Promise<readonly string[]>;
}

async function openBottle({ backend }: ParitySubject, spec: Partial<BottleSpec>): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-parity-'));
  // A backend started by root may run its bottles as another user, who must get through.
  await chmod(folder, 0o711);
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { mode: 0o700 });
  const undo = [async () => await rm(folder, { recursive: true, force: true })];
  try {
    const host = await backend.open({
      identity: newIdentity('parity'),
      stateDir,
      workdir: guestWorkspace,
      programs: [],
      programDirs: [],
      resources: { memory: null, cpus: null, pids: null, disk: null },
      sidecars: ['egress'],
      ...spec,
    });
    const close = async (): Promise<readonly string[]> => {
      const failures = await host.close();
      await rm(folder, { recursive: true, force: true });
      return failures;
    };
    undo.push(async () => void (await close()));
    return { bottle: await host.startBottle(), close };
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}
