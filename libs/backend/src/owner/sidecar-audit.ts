import { AuditError, type AuditLog } from '@bot-bottle/audit';
import { guardName, type HelperName } from '../contracts.ts';

/** What the supervise sidecar does itself. The rest of its layer is the desk's: what was asked, and how it was decided. */
const ownActions: ReadonlySet<unknown> = new Set(['tool-call', 'request']);

/**
 * Writes events of one sidecar, hostile and unvalidated: only such that are its own to say.
 *
 * @throws AuditError `invalid_event` (none is written), and what the log throws
 */
export function sidecarAudit(
  name: HelperName,
  audit: Pick<AuditLog, 'append'>,
): (events: unknown[]) => Promise<void> {
  if (name === guardName)
    return async () => {
      throw new AuditError('invalid_event', 'the guard has nothing to say in the audit log');
    };
  return async (events) => {
    if (name === 'supervise' && !events.every((event) => ownActions.has(actionOf(event))))
      throw new AuditError('invalid_event', 'an event of the supervise sidecar is not its own to say');
    await audit.append(events, { only: name });
  };
}

const actionOf = (event: unknown): unknown =>
  typeof event === 'object' && event !== null ? Reflect.get(event, 'action') : null;
