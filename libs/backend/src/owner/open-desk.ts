import { join } from 'node:path';
import type { AuditLog } from '@bot-bottle/audit';
import type { RouteTable } from '@bot-bottle/egress';
import { createNotifier, liveTable, ProposalDesk, QueueStore } from '@bot-bottle/supervise';
import type { Canary } from '../env/canary.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { ResolvedSecrets } from '../secrets/resolve-secrets.ts';
import type { Settings } from '../settings/settings-schema.ts';
import { dlpApplier, type AllowedValues } from './dlp-applier.ts';
import { grantApplier } from './grant-applier.ts';
import { guardApplier } from './guard/guard-applier.ts';
import type { Guard } from './guard/guard.ts';
import type { LiveRoutes } from './live-routes.ts';
import type { Rebuild } from './rebuild.ts';
import { secretScreen } from './secret-screen.ts';
import type { UndoStack } from './undo-stack.ts';

export interface DeskFacts {
  readonly plan: Pick<BottlePlan, 'identity' | 'botBottleHome'>;
  readonly secrets: ResolvedSecrets;
  readonly canary: Canary;
  readonly audit: AuditLog;
  readonly routes: LiveRoutes;
  readonly allowed: AllowedValues;
  readonly rebuild: Pick<Rebuild, 'applier'>;
  /** null: the bottle has none */
  readonly guard: Pick<Guard, 'allow'> | null;
  readonly notify: Settings['notify'];
  readonly undo: UndoStack;
  readonly onWarning: (message: string) => void;
}

/** Where everything that a bottle asks waits for the operator, and what tells him of it. */
export async function openDesk(facts: DeskFacts): Promise<ProposalDesk> {
  const { plan, routes, undo } = facts;
  const onWarning = (message: string): void => facts.onWarning(`${plan.identity}: ${message}`);
  const table = (): RouteTable | null => liveTable(routes.view.table, routes.view.now);
  const notifier = createNotifier({ ...facts.notify, onWarning, table });
  undo.add('ending notifications', () => notifier.close());
  const desk = await ProposalDesk.open({
    bottle: plan.identity,
    queue: new QueueStore(join(plan.botBottleHome, 'queue'), plan.identity),
    audit: facts.audit,
    appliers: {
      'egress-block': grantApplier(routes),
      'dlp-hold': dlpApplier(facts.allowed),
      'capability-block': facts.rebuild.applier,
      'pipelock-block': guardApplier(facts.guard),
    },
    screen: secretScreen(facts.secrets, facts.canary),
    onProposal: (proposal) => notifier.notify(proposal),
    onNotice: (line) => facts.onWarning(line),
    onWarning,
  });
  // Runs again before the audit log closes, for what the sidecars of a failed launch asked.
  undo.add('closing proposals', async () => void (await desk.close()));
  return desk;
}
