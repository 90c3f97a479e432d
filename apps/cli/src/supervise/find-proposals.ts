import { join } from 'node:path';
import {
  botBottleHome,
  ControlClient,
  enumerateActive,
  runtimeDir,
  type LiveBottle,
} from '@bot-bottle/backend';
import {
  proposalDigest,
  queuedBottles,
  QueueStore,
  type Proposal,
  type QueueEntry,
  type Response,
} from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { FoundProposal } from './found-proposal.ts';

export interface FindOptions {
  /** identity of a bottle, or the start of it; null: all of this home */
  readonly bottle: string | null;
}

/** Every proposal of this home, by arrival: open ones from the owners of running bottles, the rest from the queues. */
export async function findProposals(
  { io, printer }: Pick<CommandContext, 'io' | 'printer'>,
  options: FindOptions,
): Promise<FoundProposal[]> {
  const home = botBottleHome(io.env);
  const isWanted = (identity: string): boolean =>
    options.bottle === null || identity.startsWith(options.bottle);
  // The queues first: what arrives meanwhile is told by its owner, what is answered meanwhile is not asked again.
  const queues = join(home, 'queue');
  const stored = await readQueues(queues, isWanted, (problem) => printer.warning(problem));
  const { bottles, silent } = await enumerateActive({ runtimeDir: runtimeDir(io.env), home });
  const found: FoundProposal[] = [];
  const live = new Map(bottles.map((bottle) => [bottle.identity, bottle]));
  const mute = new Set(silent.map(({ identity }) => identity));
  for (const identity of mute)
    if (isWanted(identity)) printer.warning(`the owner of ${identity} does not answer`);
  for (const bottle of bottles.filter(({ identity }) => isWanted(identity))) {
    const told = await askOwner(bottle, (message) => printer.warning(message));
    found.push(...(told ?? []));
    if (told !== null) continue;
    live.delete(bottle.identity);
    mute.add(bottle.identity);
  }
  const open = new Set(found.map(({ proposal }) => proposal.id));
  for (const entry of stored) {
    const { proposal, digest } = entry;
    if (open.has(proposal.id)) continue;
    const owner = live.get(proposal.bottle) ?? null;
    // Answered after the queue was read and before its owner was asked, or not written down yet.
    const isLate = entry.response === null && owner !== null;
    const response = isLate ? await readResponse(queues, proposal) : entry.response;
    const waits = isLate ? 'deciding' : mute.has(proposal.bottle) ? 'unreachable' : 'abandoned';
    found.push({
      proposal,
      digest,
      state: response?.outcome ?? waits,
      deciding: null,
      response,
      owner: response === null ? owner : null,
    });
  }
  return found.toSorted((a, b) => (a.proposal.id < b.proposal.id ? -1 : 1));
}

async function readQueues(
  root: string,
  isWanted: (slug: string) => boolean,
  onProblem: (problem: string) => void,
): Promise<QueueEntry[]> {
  const all: QueueEntry[] = [];
  for (const slug of await queuedBottles(root)) {
    if (!isWanted(slug)) continue;
    const { entries, problems } = await new QueueStore(root, slug).list();
    for (const problem of problems) onProblem(`queue: ${problem}`);
    all.push(...entries);
  }
  return all;
}

async function readResponse(queues: string, { id, bottle }: Proposal): Promise<Response | null> {
  const { entries } = await new QueueStore(queues, bottle).list();
  return entries.find(({ proposal }) => proposal.id === id)?.response ?? null;
}

async function askOwner(
  { identity, socketPath }: LiveBottle,
  onProblem: (problem: string) => void,
): Promise<FoundProposal[] | null> {
  try {
    const open = await new ControlClient(socketPath).proposals();
    return open.map(({ proposal, deciding }) => ({
      proposal,
      digest: proposalDigest(proposal),
      state: deciding === null ? 'open' : 'deciding',
      deciding,
      response: null,
      owner: { identity, socketPath },
    }));
  } catch (error) {
    onProblem(`${identity}: ${error instanceof Error ? error.message : 'its proposals cannot be read'}`);
    return null;
  }
}

/**
 * The proposal with that id, or the only one whose id starts with it.
 *
 * @throws CliError `not_found`
 */
export async function findProposal(
  context: Pick<CommandContext, 'io' | 'printer'>,
  id: string,
  options: FindOptions,
): Promise<FoundProposal> {
  const all = await findProposals(context, options);
  const matches = id === '' ? [] : all.filter(({ proposal }) => proposal.id.startsWith(id));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  if (only === undefined) {
    throw new CliError('not_found', `there is no proposal ${id}`, {
      hint: 'bot-bottle supervise list shows those that wait',
    });
  }
  const which = matches.slice(0, 10).map(({ proposal }) => proposal.id);
  throw new CliError('not_found', `${id} fits several proposals: ${which.join(', ')}`);
}
