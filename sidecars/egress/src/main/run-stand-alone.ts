import { AuditLog } from '@bot-bottle/audit';
import type { AuditEvent } from '@bot-bottle/audit';
import { stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { createEgressServer } from '../egress-server.ts';
import type { EgressServer } from '../egress-server.ts';
import { EgressServerError } from '../errors.ts';
import { readEnvironment, readTable } from './read-environment.ts';
import type { StandAlone } from './read-environment.ts';

/** Runs without a launcher, configured by environment and files. Resolves with the exit code. */
export async function runStandAlone(
  env: NodeJS.ProcessEnv,
  log: (record: LogRecord) => void,
): Promise<number> {
  const stopped = stopSignal();
  let server: EgressServer;
  let settings: StandAlone;
  let audit: AuditLog | null = null;
  try {
    settings = readEnvironment(env);
    if (settings.auditFolder !== null) {
      audit = await AuditLog.open({ dir: settings.auditFolder, bottle: settings.config.bottle });
    }
    server = createEgressServer({ ...settings, audit: recorder(audit, log), log });
    await server.listen();
  } catch (error) {
    await audit?.close().catch(() => undefined);
    const problems = EgressServerError.isInstance(error) ? error.data.problems : [];
    for (const problem of problems.length > 0 ? problems : [startMessage(error)])
      log({ event: 'invalid_config', problem });
    return 2;
  }
  process.on('SIGHUP', () => reload(server, settings.routesFile, log));
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
  return async ({ action, outcome, code, target, rule }) =>
    log({ event: 'audit', action, outcome, code, target, rule });
}

function reload(server: EgressServer, path: string, log: (record: LogRecord) => void): void {
  try {
    server.setTable(readTable(path));
  } catch {
    log({ event: 'table_refused', digest: server.digest });
  }
}

function startMessage(error: unknown): string {
  if (error instanceof EgressServerError) return error.message;
  const known = typeof error === 'object' && error !== null && Symbol.for('bot-bottle.user-error') in error;
  return known && error instanceof Error ? error.message : 'the egress sidecar could not start';
}
