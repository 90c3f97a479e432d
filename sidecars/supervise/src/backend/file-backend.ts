import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEvent } from '@bot-bottle/audit';
import {
  canonicalJson,
  FloodLimit,
  idSource,
  proposalDigest,
  proposalSchema,
  responseSchema,
  SuperviseError,
} from '@bot-bottle/supervise';
import type { Proposal, ProposalStatus, Response } from '@bot-bottle/supervise';
import type { AgentRequest, SuperviseBackend } from '../contracts.ts';
import { ToolFailure } from '../tool-failure.ts';
import { proposalEvent } from './proposal-event.ts';
import { idsIn, readEntry, writeEntry } from './queue-folder.ts';

export interface FileBackendOptions {
  readonly bottle: string;
  /** folder that proposals are written to; null: nobody can be asked */
  readonly proposals: string | null;
  /** folder that responses are read from */
  readonly responses: string | null;
  readonly readRoutes: (signal: AbortSignal) => Promise<unknown>;
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** told once of each response that is not one */
  readonly onIgnored: (id: string, problem: string) => void;
  /** milliseconds between two looks at the responses; default 200 */
  readonly pollMs?: number;
}

interface Folders {
  readonly proposals: string;
  readonly responses: string;
}

/** Proposals and responses as files of two folders; whoever writes the responses is the human. */
export class FileBackend implements SuperviseBackend {
  readonly #options: FileBackendOptions;
  readonly #newId = idSource();
  readonly #flood = new FloodLimit();
  readonly #ignored = new Set<string>();
  /** proposals are taken one after the other, so that a burst cannot get past the limit */
  #taking: Promise<unknown> = Promise.resolve();

  constructor(options: FileBackendOptions) {
    this.#options = options;
  }

  async routes(signal: AbortSignal): Promise<unknown> {
    return await this.#options.readRoutes(signal);
  }

  async propose(request: AgentRequest): Promise<string> {
    const taken = this.#taking.then(() => this.#propose(request));
    this.#taking = taken.catch(() => undefined);
    return await taken;
  }

  async status(id: string, waitMs: number, signal: AbortSignal): Promise<ProposalStatus | null> {
    const folders = this.#folders();
    const proposal = await this.#proposal(folders, id);
    if (proposal === null) return null;
    const end = performance.now() + waitMs;
    for (;;) {
      const response = await this.#response(folders, proposal);
      if (response !== null) {
        const { outcome, reason, applied, grant } = response;
        return { id, status: outcome, notes: reason, applied, grant };
      }
      const left = end - performance.now();
      if (left <= 0 || signal.aborted) break;
      await delay(Math.min(left, this.#options.pollMs ?? 200), undefined, { signal }).catch(() => undefined);
    }
    return { id, status: 'pending', notes: '', applied: null, grant: null };
  }

  async #propose(request: AgentRequest): Promise<string> {
    const folders = this.#folders();
    try {
      const open = await this.#open(folders);
      const content = canonicalJson(request);
      const same = open.find((each) => canonicalJson(each.request) === content);
      if (same !== undefined) return same.id;
      this.#flood.take(open.length);
      const { bottle, audit } = this.#options;
      const arrived = new Date().toISOString();
      const proposal: Proposal = { id: this.#newId(), bottle, sidecar: 'supervise', arrived, request };
      await audit(proposalEvent(proposal)).catch(() => {
        throw new ToolFailure('audit_unavailable');
      });
      await writeEntry(folders.proposals, proposal.id, proposal);
      return proposal.id;
    } catch (error) {
      if (error instanceof ToolFailure) throw error;
      if (SuperviseError.isInstance(error) && error.code === 'too_many_proposals')
        throw new ToolFailure(error.code, error.message);
      throw new ToolFailure('queue_unavailable', 'the proposal could not be written');
    }
  }

  /** Those of this bottle that nobody has answered. */
  async #open(folders: Folders): Promise<Proposal[]> {
    const open: Proposal[] = [];
    for (const id of await idsIn(folders.proposals)) {
      const proposal = await this.#proposal(folders, id);
      if (proposal !== null && (await this.#response(folders, proposal)) === null) open.push(proposal);
    }
    return open;
  }

  async #proposal({ proposals }: Folders, id: string): Promise<Proposal | null> {
    const entry = await readEntry(proposals, id);
    if (entry === null || 'problem' in entry) return null;
    const parsed = proposalSchema.safeParse(entry.value);
    const isOurs = parsed.success && parsed.data.id === id && parsed.data.bottle === this.#options.bottle;
    return isOurs ? parsed.data : null;
  }

  /** What does not answer exactly this proposal is no answer. */
  async #response({ responses }: Folders, proposal: Proposal): Promise<Response | null> {
    const { id } = proposal;
    const entry = await readEntry(responses, id);
    if (entry === null) return null;
    if ('problem' in entry) return this.#ignore(id, entry.problem);
    const parsed = responseSchema.safeParse(entry.value);
    if (!parsed.success) return this.#ignore(id, 'is not a response');
    if (parsed.data.id !== id || parsed.data.digest !== proposalDigest(proposal))
      return this.#ignore(id, 'answers another proposal: its id or digest differs');
    return parsed.data;
  }

  #ignore(id: string, problem: string): null {
    const key = `${id} ${problem}`;
    if (!this.#ignored.has(key) && this.#ignored.size < 1000) {
      this.#ignored.add(key);
      this.#options.onIgnored(id, problem);
    }
    return null;
  }

  #folders(): Folders {
    const { proposals, responses } = this.#options;
    if (proposals !== null && responses !== null) return { proposals, responses };
    throw new ToolFailure('queue_unavailable', 'nobody can be asked here');
  }
}
