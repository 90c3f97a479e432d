import {
  botBottleHome,
  ControlClient,
  enumerateActive,
  runtimeDir,
  StateStore,
  type LiveBottle,
} from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import type { CommandContext } from '../command-context.ts';
import { resumableStates } from '../launch/find-state.ts';

/** The hidden command behind completion: names, one a line. Never fails: a shell is waiting. */
export async function names({ io, printer }: CommandContext, what: string): Promise<number> {
  const found = await (namesOf.get(what) ?? activeNames)(io).catch(() => []);
  if (found.length > 0) printer.result(found.map((name) => visibleLine(name, 80)).join('\n'));
  return 0;
}

const namesOf: ReadonlyMap<string, (io: CommandContext['io']) => Promise<string[]>> = new Map([
  ['agents', agentNames],
  ['proposals', openProposals],
  ['preserved', resumableNames],
]);

async function resumableNames({ env }: CommandContext['io']): Promise<string[]> {
  return (await resumableStates(new StateStore(botBottleHome(env)))).map(({ identity }) => identity);
}

async function agentNames({ env, cwd }: CommandContext['io']): Promise<string[]> {
  const { loadManifestIndex } = await import('@bot-bottle/manifest');
  const index = await loadManifestIndex({ botBottleHome: botBottleHome(env), cwd });
  return index.agents.map(({ name }) => name);
}

async function activeNames(io: CommandContext['io']): Promise<string[]> {
  return (await activeBottles(io)).map(({ identity }) => identity);
}

async function openProposals(io: CommandContext['io']): Promise<string[]> {
  const bottles = await activeBottles(io);
  const asked = bottles.map(({ socketPath }) => new ControlClient(socketPath).proposals({ timeoutMs: 500 }));
  return (await Promise.allSettled(asked)).flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value.map(({ proposal }) => proposal.id) : [],
  );
}

async function activeBottles({ env }: CommandContext['io']): Promise<readonly LiveBottle[]> {
  const { bottles } = await enumerateActive({
    runtimeDir: runtimeDir(env),
    home: botBottleHome(env),
    timeoutMs: 500,
  });
  return bottles;
}
