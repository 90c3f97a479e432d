import { visibleLine } from '@bot-bottle/audit';
import {
  checkDockerfile,
  SuperviseError,
  type Applied,
  type ApplyOptions,
  type DecideRequest,
  type ProposalApplier,
  type ProposalRequest,
} from '@bot-bottle/supervise';
import type { BottleHost } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { keepRebuilt, plainDockerfile } from '../state/rebuilt-state.ts';
import { StateStore } from '../state/state-store.ts';

/** Milliseconds that a build may take. */
const BUILD_MS = 10 * 60_000;

export interface RebuildFacts {
  readonly plan: Pick<BottlePlan, 'identity' | 'botBottleHome' | 'rebuilt'>;
  /** what builds; null: this backend cannot */
  readonly build: NonNullable<BottleHost['rebuild']> | null;
  readonly onProgress?: (what: string) => void;
}

/** Builds the image that an agent asks for and an operator approves, and makes the next life of the bottle use it. */
export class Rebuild {
  /** Dockerfile of the agent's image at present, null: there is none that could be replaced */
  readonly current: string | null;
  readonly #facts: RebuildFacts;
  readonly #recorded = Promise.withResolvers<void>();
  #state: 'idle' | 'building' | 'built' = 'idle';

  constructor(facts: RebuildFacts) {
    this.#facts = facts;
    this.current = facts.build === null ? null : (facts.plan.rebuilt ?? plainDockerfile);
  }

  /** Resolves when an approval was applied and recorded: the bottle has to end. */
  get recorded(): Promise<void> {
    return this.#recorded.promise;
  }

  get applier(): ProposalApplier {
    return {
      check: (request) => this.#check(request),
      review: ({ request }, decision) => this.#review(request, decision),
      apply: async ({ request }, decision, options) => await this.#apply(request, decision, options),
      recorded: () => this.#recorded.resolve(),
    };
  }

  #check(request: ProposalRequest): void {
    if (request.kind !== 'capability-block') return;
    if (this.current === null)
      throw new SuperviseError(
        'not_allowed',
        'capability-block: this bottle has no image that could be rebuilt',
      );
    if (this.#state === 'built') throw new SuperviseError('closed', 'the bottle is being stopped');
    // The difference that is shown is only as true as this.
    if (request.current !== this.current)
      throw new SuperviseError('invalid_proposal', 'current: is not the Dockerfile in force');
    if (request.dockerfile === this.current)
      throw new SuperviseError('invalid_proposal', 'dockerfile: is the one in force already');
    requireRules(request.dockerfile, 'invalid_proposal');
  }

  #review(request: ProposalRequest, decision: DecideRequest): void {
    if ((decision.grant ?? null) !== null)
      throw new SuperviseError('invalid_grant', 'this asks for no reach');
    if (this.#state !== 'idle') throw new SuperviseError('being_decided', 'another image is built already');
    const dockerfile = takenOf(request, decision);
    requireRules(dockerfile, 'invalid_dockerfile');
    if (dockerfile === this.current)
      throw new SuperviseError('invalid_dockerfile', 'that is the Dockerfile in force already');
  }

  async #apply(
    request: ProposalRequest,
    decision: DecideRequest,
    { signal }: ApplyOptions,
  ): Promise<Applied> {
    const { plan, build, onProgress } = this.#facts;
    if (build === null || this.#state !== 'idle')
      throw new SuperviseError('being_decided', 'another image is built already');
    const dockerfile = takenOf(request, decision);
    this.#state = 'building';
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(BUILD_MS)]);
      await build(dockerfile, { signal: limit, ...(onProgress === undefined ? {} : { onProgress }) });
      signal.throwIfAborted();
      await keepRebuilt(new StateStore(plan.botBottleHome), plan.identity, dockerfile);
      this.#state = 'built';
    } catch (error) {
      this.#state = 'idle';
      throw new SuperviseError('apply_failed', reasonOf(error, signal), { cause: error });
    }
    const isAsAsked = request.kind === 'capability-block' && dockerfile === request.dockerfile;
    return {
      outcome: isAsAsked ? 'approved' : 'modified',
      text: `the image is built; this bottle ends now, and goes on in it with: bot-bottle resume ${plan.identity}`,
      grant: null,
      dockerfile: isAsAsked ? null : dockerfile,
    };
  }
}

function takenOf(request: ProposalRequest, { dockerfile = null }: DecideRequest): string {
  if (request.kind !== 'capability-block')
    throw new SuperviseError('invalid_dockerfile', `${request.kind} takes no Dockerfile`);
  return dockerfile ?? request.dockerfile;
}

function requireRules(dockerfile: string, code: 'invalid_proposal' | 'invalid_dockerfile'): void {
  const checked = checkDockerfile(dockerfile);
  if (!checked.ok)
    throw new SuperviseError(code, `dockerfile: ${checked.problems.slice(0, 10).join('; ').slice(0, 2000)}`);
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'the bottle ended while it was built';
  if (error instanceof Error && error.name === 'TimeoutError')
    return `the build took longer than ${BUILD_MS / 60_000} minutes`;
  if (BackendError.isInstance(error))
    return visibleLine(error.hint === null ? error.message : `${error.message}; ${error.hint}`, 2000);
  return visibleLine(error instanceof Error ? error.message : 'unknown failure', 500);
}
