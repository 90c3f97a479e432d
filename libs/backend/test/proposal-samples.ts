import { join } from 'node:path';
import { AuditLog } from '@bot-bottle/audit';
import {
  ProposalDesk,
  QueueStore,
  type DecideRequest,
  type ProposalDeskOptions,
} from '@bot-bottle/supervise';
import { onTestFinished } from 'vitest';
import { samplePush } from './sample-push.ts';
import { tempDir } from './temp-dir.ts';

export const bottle = 'worker-abcde';

export interface DeskWorld {
  readonly desk: ProposalDesk;
  readonly queue: QueueStore;
  readonly audit: AuditLog;
  /** folder of the audit log */
  readonly dir: string;
  readonly notices: string[];
  readonly warnings: string[];
}

/** A desk as an owner opens it, in a fresh folder. */
export async function deskWorld(changes: Partial<ProposalDeskOptions> = {}): Promise<DeskWorld> {
  const folder = await tempDir();
  const dir = join(folder, 'audit');
  const audit = await AuditLog.open({ dir, bottle, repeatWindowMs: 0 });
  onTestFinished(async () => await audit.close().catch(() => undefined));
  const queue = new QueueStore(join(folder, 'queue'), bottle);
  const warnings: string[] = [];
  const notices: string[] = [];
  const onNotice = (line: string): void => void notices.push(line);
  const onWarning = (message: string): void => void warnings.push(message);
  const options = { bottle, queue, audit, onNotice, onWarning, ...changes };
  const desk = await ProposalDesk.open(options);
  // Before the audit log closes and the folder goes.
  onTestFinished(async () => void (await desk.close()));
  return { desk, queue, audit, dir, notices, warnings };
}

/** The decision that a human makes who sees what is there now. */
export function answer(
  desk: Pick<ProposalDesk, 'list'>,
  id: string,
  outcome: DecideRequest['outcome'] = 'approved',
): DecideRequest {
  const digest = desk.list().find(({ proposal }) => proposal.id === id)?.digest ?? '0'.repeat(64);
  return { id, digest, outcome, reason: 'because', by: 'op' };
}

export { samplePush };
