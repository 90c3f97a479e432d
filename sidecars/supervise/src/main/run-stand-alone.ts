import { AuditLog } from '@bot-bottle/audit';
import type { AuditEvent } from '@bot-bottle/audit';
import { stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { FileBackend } from '../backend/file-backend.ts';
import { readEgressRoutes } from '../backend/read-egress-routes.ts';
import { SuperviseServerError } from '../errors.ts';
import { createSuperviseServer } from '../supervise-server.ts';
import type { SuperviseServer } from '../supervise-server.ts';
import { ToolFailure } from '../tool-failure.ts';
import { readEnvironment } from './read-environment.ts';

/** Runs without a launcher, configured by environment and files. Resolves with the exit code. */
export async function runStandAlone(
  env: NodeJS.ProcessEnv,
  log: (record: LogRecord) => void,
): Promise<number> {
  const stopped = stopSignal();
  let server: SuperviseServer;
  let auditLog: AuditLog | null = null;
  try {
    const { config, secrets, proposals, responses, egress, auditFolder } = readEnvironment(env);
    if (auditFolder !== null) auditLog = await AuditLog.open({ dir: auditFolder, bottle: config.bottle });
    const audit = recorder(auditLog, log);
    server = createSuperviseServer({
      config,
      secrets,
      backend: ({ bottle }) =>
        new FileBackend({
          bottle,
          proposals,
          responses,
          audit,
          readRoutes: async (signal) => {
            if (egress === null) throw new ToolFailure('unavailable', 'no egress proxy is configured');
            return await readEgressRoutes(egress, signal);
          },
          onIgnored: (id, problem) => log({ event: 'response_ignored', id, problem }),
        }),
      audit,
      log,
    });
    await server.listen();
  } catch (error) {
    await auditLog?.close().catch(() => undefined);
    const problems = SuperviseServerError.isInstance(error) ? error.data.problems : [];
    for (const problem of problems.length > 0 ? problems : [startMessage(error)])
      log({ event: 'invalid_config', problem });
    return 2;
  }
  await stopped;
  await server.close();
  await auditLog?.close().catch(() => log({ event: 'audit_failed' }));
  return 0;
}

function recorder(
  auditLog: AuditLog | null,
  log: (record: LogRecord) => void,
): (event: AuditEvent) => Promise<void> {
  if (auditLog !== null) return (event) => auditLog.append([event]);
  return async ({ action, outcome, code, target, rule }) =>
    log({ event: 'audit', action, outcome, code, target, rule });
}

function startMessage(error: unknown): string {
  const known = typeof error === 'object' && error !== null && Symbol.for('bot-bottle.user-error') in error;
  return known && error instanceof Error ? error.message : 'the supervise server could not start';
}
