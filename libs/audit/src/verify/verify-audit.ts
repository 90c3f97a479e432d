import { bottleFolder, bottleLock } from '../audit-paths.ts';
import { layers } from '../events.ts';
import { isLocked } from '../exclusive-lock.ts';
import type { AuditNote, AuditProblem, AuditVerification } from './contracts.ts';
import { examineChain } from './examine-chain.ts';
import { scanHeads } from './scan-heads.ts';
import { scanLayer } from './scan-layer.ts';

export interface VerifyOptions {
  /** folder of all audit logs */
  readonly dir: string;
  readonly bottle: string;
  readonly signal?: AbortSignal;
}

/**
 * Checks every line of a bottle's log against its chain and the heads. A bottle without a log has no lines and no
 * problems. Throws `AuditError` (`invalid_argument`) for a name that is none, and errno errors of reading.
 */
export async function verifyAudit(options: VerifyOptions): Promise<AuditVerification> {
  const { dir, bottle, signal } = options;
  const folder = bottleFolder(dir, bottle);
  const live = await isLocked(bottleLock(folder));
  // Heads first: a live writer appends lines before their head.
  const scanned = await scanHeads(dir, bottle, signal);
  const problems: AuditProblem[] = [...scanned.problems];
  const notes: AuditNote[] = [];
  let lines = 0;
  for (const layer of layers) {
    const chain = await scanLayer(folder, bottle, layer, signal);
    const heads = scanned.heads.filter((head) => head.layer === layer);
    const examined = examineChain(chain, heads, live);
    problems.push(...examined.problems);
    notes.push(...examined.notes);
    lines += chain.lines.length;
  }
  return { ok: problems.length === 0, live, problems, notes, lines };
}
