import { AuditLog } from '@bot-bottle/audit';
import type { AuditEvent } from '@bot-bottle/audit';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { GitGateServerError } from '../errors.ts';
import { createGitGateServer } from '../git-gate-server.ts';
import type { GitGateServer } from '../git-gate-server.ts';
import { readEnvironment } from './read-environment.ts';

/** Runs without a launcher, configured by environment and files. Resolves with the exit code. */
export async function runStandAlone(
  env: NodeJS.ProcessEnv,
  log: (record: LogRecord) => void,
): Promise<number> {
  const stopped = stopSignal();
  let server: GitGateServer | null = null;
  let audit: AuditLog | null = null;
  try {
    const { config, secrets, auditFolder } = readEnvironment(env);
    if (auditFolder !== null) audit = await AuditLog.open({ dir: auditFolder, bottle: config.bottle });
    server = createGitGateServer({
      config,
      secrets,
      audit: recorder(audit, log),
      propose: () => Promise.reject(new ProtocolRefusal('this git gate runs without anybody to ask')),
      log,
    });
    await server.listen();
  } catch (error) {
    await server?.close();
    await audit?.close().catch(() => undefined);
    const problems = GitGateServerError.isInstance(error) ? error.data.problems : [];
    for (const problem of problems.length > 0 ? problems : [startMessage(error)])
      log({ event: 'invalid_config', problem });
    return 2;
  }
  await stopped;
  await server.close();
  await audit?.close().catch(() => log({ event: 'audit_failed' }));
  return 0;
}

function recorder(
  audit: AuditLog | null,
  log: (record: LogRecord) => void,
): (event: AuditEvent) => Promise<void> {
  if (audit !== null) return (event) => audit.append([event]);
  return async ({ action, outcome, code, target, rule, details }) =>
    log({ event: 'audit', action, outcome, code, target, rule, reason: String(details['reason'] ?? '') });
}

function startMessage(error: unknown): string {
  const known = typeof error === 'object' && error !== null && Symbol.for('bot-bottle.user-error') in error;
  return known && error instanceof Error ? error.message : 'the git gate could not start';
}
