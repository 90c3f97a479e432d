import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { visibleLine } from '@bot-bottle/audit';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { queuedSchema } from '@bot-bottle/supervise';
import type { PushRequest } from '@bot-bottle/supervise';
import { GitGateServerError } from '../errors.ts';
import { deniedBy, pushEvent } from '../push/push-events.ts';
import type { JudgedPush } from '../push/judged-push.ts';
import type { RepoService } from '../repo-service.ts';
import { pushKey } from './held-push.ts';
import type { HeldPush } from './held-push.ts';
import { linkObjects } from './link-objects.ts';
import { approvalReasons, proposalOf } from './proposal-of.ts';

export interface HeldPushesOptions {
  /** most that are open */
  readonly limit: number;
  /** Puts a proposal before a human; resolves with `{id}` as soon as it was taken. */
  readonly propose: (request: PushRequest) => Promise<unknown>;
}

interface Opening {
  readonly repo: string;
  /** what it takes, once known */
  bytes: number;
  done: Promise<unknown>;
}

const PROPOSE_MS = 30_000;

const stopping = (): GitGateServerError =>
  new GitGateServerError('shutting_down', 'the git gate is stopping; this push was not forwarded');

/** The pushes of all repositories that wait for a human. */
export class HeldPushes {
  readonly #options: HeldPushesOptions;
  readonly #open = new Map<string, HeldPush>();
  /** taken but not open yet */
  readonly #opening = new Map<string, Opening>();
  #isClosed = false;

  constructor(options: HeldPushesOptions) {
    this.#options = options;
  }

  /** One that does the same, unless it is being decided already. */
  find(push: JudgedPush): HeldPush | null {
    const key = pushKey(push.subject.repo, push.updates);
    return this.#open.get(key) ?? null;
  }

  /** The push of a proposal; null: it is not one of ours. */
  async byProposal(id: string): Promise<HeldPush | null> {
    const found = (): HeldPush | null =>
      [...this.#open.values()].find(({ proposal }) => proposal === id) ?? null;
    if (found() !== null) return found();
    // a decision can overtake the answer that tells the id
    await Promise.allSettled([...this.#opening.values()].map(({ done }) => done));
    return found();
  }

  /**
   * Keeps the objects of a push and asks a human.
   *
   * @throws GitGateServerError `limit_exceeded` when too many or too much is held, or nobody takes the question
   */
  async hold(service: RepoService, push: JudgedPush, signal: AbortSignal): Promise<HeldPush> {
    const key = pushKey(service.repo.name, push.updates);
    if (this.#isClosed) throw stopping();
    if (this.#opening.has(key))
      throw new GitGateServerError('limit_exceeded', 'the same push is being held just now: try again');
    if (this.#open.size + this.#opening.size >= this.#options.limit)
      throw new GitGateServerError(
        'limit_exceeded',
        `${this.#open.size} pushes are held already: wait until a human has decided on one`,
      );
    const opening: Opening = { repo: service.repo.name, bytes: 0, done: Promise.resolve() };
    this.#opening.set(key, opening);
    try {
      const holding = this.#hold(service, push, signal, opening);
      opening.done = holding;
      const held = await holding;
      if (this.#isClosed) {
        await this.#discard(held);
        throw stopping();
      }
      this.#open.set(key, held);
      return held;
    } finally {
      this.#opening.delete(key);
    }
  }

  /** Forgets one and removes its objects. */
  async remove(held: HeldPush): Promise<void> {
    this.#open.delete(pushKey(held.service.repo.name, held.push.updates));
    await this.#discard(held);
  }

  /**
   * Drops all: the launcher closes the proposals. One that is being decided may be half-way to the upstream: it is
   * waited for, and whoever needs an end to that ends its forward (`RepoService.stopping`).
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#open.values()];
    await Promise.all(open.map((held) => this.#drop(held)));
  }

  async #drop(held: HeldPush): Promise<void> {
    const isDeciding = held.deciding !== null;
    await held.deciding?.catch(() => undefined);
    if (!this.#isOpen(held)) return;
    const what = isDeciding ? 'fetch to see what the upstream has' : 'this push was not forwarded';
    for (const waiter of held.waiters) waiter.refuse([`shutting_down: the bottle is being stopped; ${what}`]);
    await this.remove(held);
  }

  #isOpen(held: HeldPush): boolean {
    return this.#open.get(pushKey(held.service.repo.name, held.push.updates)) === held;
  }

  async #hold(
    service: RepoService,
    push: JudgedPush,
    signal: AbortSignal,
    opening: Opening,
  ): Promise<HeldPush> {
    const id = randomBytes(8).toString('hex');
    const { gitDir, workDir } = service.mirror;
    const folder = join(workDir, 'held', id);
    const objects = join(folder, 'objects');
    try {
      const from = push.view.objects;
      const bytes = from === null ? 0 : await linkObjects(from, objects);
      this.#checkBytes(service, bytes);
      opening.bytes = bytes;
      const view = from === null ? push.view : { gitDir, objects, alternates: [join(gitDir, 'objects')] };
      const request = await proposalOf(service, id, { ...push, view }, signal);
      await service.audit(
        pushEvent({ ...push.subject, held: id }, 'held', deniedBy(push.decision, push.isNamed)),
      );
      const held: HeldPush = {
        id,
        service,
        push,
        view,
        folder,
        bytes,
        reasons: approvalReasons(push.decision),
        request,
        proposal: null,
        waiters: new Set(),
        deciding: null,
        settled: Promise.withResolvers<void>(),
      };
      held.proposal = await this.#ask(request);
      return held;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** What is held counts against the limit of one push. */
  #checkBytes({ repo }: RepoService, bytes: number): void {
    const open = [...this.#open.values()].filter(({ service }) => service.repo.name === repo.name);
    // the launcher may take its time with a question
    const opening = [...this.#opening.values()].filter((each) => each.repo === repo.name);
    const total = [...open, ...opening].reduce((sum, each) => sum + each.bytes, bytes);
    if (total > repo.push.max_bytes)
      throw new GitGateServerError(
        'limit_exceeded',
        `the held pushes of ${repo.name} would take ${total} bytes, at most ${repo.push.max_bytes} are allowed`,
      );
  }

  async #ask(request: PushRequest): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), PROPOSE_MS);
    });
    try {
      return queuedSchema.parse(await Promise.race([this.#options.propose(request), late])).id;
    } catch (cause) {
      const why = ProtocolRefusal.isInstance(cause) ? visibleLine(cause.message) : 'nobody took the question';
      throw new GitGateServerError('limit_exceeded', `a human cannot be asked: ${why}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async #discard(held: HeldPush): Promise<void> {
    held.settled.resolve();
    held.waiters.clear();
    await rm(held.folder, { recursive: true, force: true });
  }
}
