import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditLog, readAudit, type AuditLine } from '@bot-bottle/audit';
import { onTestFinished } from 'vitest';
import {
  ProposalDesk,
  QueueStore,
  type ApplyDecision,
  type DecideRequest,
  type ProposalDeskOptions,
} from '../src/index.ts';
import { oid, pushRequest as anyPush, tempDir, type PushRequest } from './samples.ts';

export { findingRequest } from './samples.ts';

export const bottle = 'worker-abcde';

/** A push to the default branch. */
export function pushRequest(changes: Partial<PushRequest> = {}): PushRequest {
  return anyPush({
    refs: [{ ref: 'refs/heads/main', old_oid: oid('a'), new_oid: oid('b') }],
    reasons: ['the default branch needs approval'],
    ...changes,
  });
}

export interface DeskWorld {
  readonly folder: string;
  readonly desk: ProposalDesk;
  readonly queue: QueueStore;
  readonly queueDir: string;
  readonly audit: AuditLog;
  readonly notices: string[];
  readonly warnings: string[];
  readonly events: () => Promise<AuditLine[]>;
  /** every file below the folder of the test, sorted */
  readonly files: () => Promise<string[]>;
}

export const auditDir = ({ folder }: Pick<DeskWorld, 'folder'>): string => join(folder, 'audit');

/**
 * A desk with a real queue and a real audit log in a fresh folder.
 *
 * @param around what stands between the desk and the queue
 */
export async function deskWorld(
  changes: Partial<ProposalDeskOptions> = {},
  around: (queue: QueueStore) => ProposalDeskOptions['queue'] = (queue) => queue,
): Promise<DeskWorld> {
  const folder = await tempDir();
  const dir = auditDir({ folder });
  const queueDir = join(folder, 'queue');
  const audit = await AuditLog.open({ dir, bottle, repeatWindowMs: 0 });
  onTestFinished(async () => await audit.close().catch(() => undefined));
  const queue = new QueueStore(queueDir, bottle);
  const notices: string[] = [];
  const warnings: string[] = [];
  const desk = await ProposalDesk.open({
    bottle,
    queue: around(queue),
    audit,
    onNotice: (line) => notices.push(line),
    onWarning: (message) => warnings.push(message),
    ...changes,
  });
  // Before the audit log closes and the folder goes.
  onTestFinished(async () => void (await desk.close()));
  return {
    folder,
    desk,
    queue,
    queueDir,
    audit,
    notices,
    warnings,
    events: async () => {
      const lines: AuditLine[] = [];
      for await (const line of readAudit(dir, bottle)) if (line.layer === 'supervise') lines.push(line);
      return lines;
    },
    files: async () => {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .filter((path) => !path.startsWith('audit/'))
        .toSorted();
    },
  };
}

/** A sidecar's end that applies everything and remembers what it was told. */
export function applying(): { readonly apply: ApplyDecision; readonly told: Parameters<ApplyDecision>[0][] } {
  const told: Parameters<ApplyDecision>[0][] = [];
  return { told, apply: async (decision) => void told.push(decision) };
}

/** The decision that a human makes who sees what is there now. */
export function answer(
  desk: Pick<ProposalDesk, 'list'>,
  id: string,
  outcome: DecideRequest['outcome'] = 'approved',
  reason = 'because',
): DecideRequest {
  const digest = desk.list().find(({ proposal }) => proposal.id === id)?.digest ?? '0'.repeat(64);
  return { id, digest, outcome, reason, by: 'op' };
}
