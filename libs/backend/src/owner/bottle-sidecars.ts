import { join } from 'node:path';
import type { AuditLog } from '@bot-bottle/audit';
import type { ProposalDesk } from '@bot-bottle/supervise';
import { visibleLine } from '@bot-bottle/audit';
import { guardName, type BottleHost, type HelperName } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import type { SidecarSetup } from './egress-config.ts';
import type { Guard } from './guard/guard.ts';
import { gitGatePrograms } from './git-gate-config.ts';
import type { LiveRoutes, SendTable } from './live-routes.ts';
import { sidecarAudit } from './sidecar-audit.ts';
import { openSidecar, type OpenedSidecar } from './sidecar-host.ts';
import { timed, type OnStep } from '../step.ts';
import type { UndoStack } from './undo-stack.ts';

export interface BottleSidecarsOptions {
  readonly plan: BottlePlan;
  readonly host: Pick<BottleHost, 'startSidecar'>;
  /** self-contained ESM file of each sidecar */
  readonly programs: Readonly<Partial<Record<HelperName, string>>>;
  readonly setups: Readonly<Partial<Record<HelperName, () => SidecarSetup>>>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** null: the bottle has no guard */
  readonly guard: Guard | null;
  readonly desk: ProposalDesk;
  readonly routes: LiveRoutes;
  readonly undo: UndoStack;
  readonly onWarning: (message: string) => void;
  readonly onStep?: OnStep;
}

/** Everything that runs beside the agent of a plan, in the order of starting. */
export function helpersOf({
  sidecars,
  guard,
}: Pick<BottlePlan, 'sidecars' | 'guard'>): readonly HelperName[] {
  return guard === null ? sidecars : [guardName, ...sidecars];
}

/** Executables of the host that a sidecar runs. */
function programsOf(name: HelperName, plan: BottlePlan): readonly string[] {
  if (name === 'git-gate') return gitGatePrograms(plan);
  return name === guardName && plan.guard !== null ? [plan.guard.program] : [];
}

const answerLimitMs = 15_000;

/** What the agent asks a human with takes its time beside the agent's own start. */
const late: ReadonlySet<HelperName> = new Set(['supervise']);

/** The sidecars of one bottle; each has its end on the undo stack as soon as it begins. */
export class BottleSidecars {
  readonly #options: BottleSidecarsOptions;
  #egress: OpenedSidecar | null = null;
  readonly #lateOnes: Array<Promise<void>> = [];

  /** @throws BackendError `not_available` for a sidecar whose program is not there */
  constructor(options: BottleSidecarsOptions) {
    this.#options = options;
    for (const name of helpersOf(options.plan)) this.#programOf(name);
  }

  /**
   * Starts those that the agent must not run without.
   *
   * @throws BackendError `sidecar_failed`
   */
  async startNeeded(): Promise<void> {
    const needed = helpersOf(this.#options.plan).filter((name) => !late.has(name));
    await allOrFirstError(needed.map((name) => this.#open(name).ready));
  }

  /** Starts the rest and waits for none of them; one that does not come to serve is a warning. */
  startLate(): void {
    const { plan, onWarning } = this.#options;
    for (const name of plan.sidecars.filter((each) => late.has(each))) {
      const { ready, isClosing } = this.#open(name);
      const settled = ready.then(
        () => undefined,
        (error: unknown) => {
          const why = error instanceof Error ? visibleLine(error.message, 500) : 'unknown failure';
          if (!isClosing()) onWarning(`${plan.identity}: the agent cannot ask: ${why}`);
        },
      );
      this.#lateOnes.push(settled);
    }
  }

  /** Resolves when those that start late serve, or were told not to come. */
  async lateSettled(): Promise<void> {
    await Promise.all(this.#lateOnes);
  }

  /**
   * Gives the egress sidecar other values for some of its slots.
   *
   * @throws ProtocolRefusal, ProtocolError: it does not have them
   */
  async setEgressSecrets(secrets: Readonly<Record<string, string>>): Promise<void> {
    if (this.#egress === null)
      throw new BackendError('sidecar_failed', 'the sidecar egress is not started yet');
    await this.#egress.setSecrets(secrets, AbortSignal.timeout(answerLimitMs));
  }

  #open(name: HelperName): Pick<OpenedSidecar, 'ready'> & { readonly isClosing: () => boolean } {
    const { plan, host, setups, audit, guard, desk, routes, undo, onWarning } = this.#options;
    let closing = false;
    const sidecar = openSidecar({
      host,
      spec: {
        name,
        program: this.#programOf(name),
        network: name !== 'supervise',
        programs: programsOf(name, plan),
        ...(name === guardName ? { hosts: plan.egress.hosts } : {}),
        scratch: name === 'git-gate',
      },
      setup: setups[name] ?? (() => ({ config: {}, secrets: {} })),
      onAudit: sidecarAudit(name, audit),
      // An honest sidecar asks nothing then; one that was taken over must not come before a human either.
      ...(plan.agent.bottle.supervise ? { desk } : {}),
      ...(name === 'supervise' ? { routes } : {}),
      logFile: join(plan.stateDir, 'logs', `${name}.log`),
      onWarning,
    });
    if (name === 'egress') {
      this.#egress = sidecar;
      const send: SendTable = (table, signal) => sidecar.setTable(table, signal);
      routes.connect(guard?.around(send) ?? send);
    }
    if (name === guardName) guard?.connect(() => sidecar.restart());
    const close = async (): Promise<void> => {
      closing = true;
      await sidecar.close();
    };
    undo.add(`stopping ${name}`, close, 'stopping sidecars');
    void timed(this.#options.onStep, `${name} until it serves`, () => sidecar.ready).catch(() => undefined);
    return { ready: sidecar.ready, isClosing: () => closing };
  }

  #programOf(name: HelperName): string {
    const program = this.#options.programs[name];
    if (program !== undefined) return program;
    throw new BackendError('not_available', `the sidecar ${name} is not available in this version`);
  }
}
