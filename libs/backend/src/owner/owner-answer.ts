import { visibleLine } from '@bot-bottle/audit';
import { SuperviseError } from '@bot-bottle/supervise';
import { BackendError } from '../errors.ts';
import type { OwnerMessage } from './control-messages.ts';
import { OwnerError } from './errors.ts';

/** The error that an owner answered with. `data.exitCode` is what a shell would end with. */
export function errorFromOwner(answer: Extract<OwnerMessage, { type: 'error' }>): Error {
  const message = visibleLine(answer.message);
  const hint = answer.hint === null ? null : visibleLine(answer.hint);
  switch (answer.code) {
    case 'exec_failed':
      return new BackendError('exec_failed', message, { hint });
    case 'command_not_found':
      return new BackendError('exec_failed', message, { hint, data: { exitCode: 127 } });
    case 'command_not_executable':
      return new BackendError('exec_failed', message, { hint, data: { exitCode: 126 } });
    case 'no_such_bottle':
    case 'runtime_dir_unsafe':
    case 'socket_unavailable':
    case 'protocol':
    case 'timed_out':
    case 'not_interactive':
    case 'too_slow':
    case 'stopping':
    case 'failed':
      return new OwnerError(answer.code, message, { hint });
    case 'invalid_proposal':
    case 'not_allowed':
    case 'too_many_proposals':
    case 'unknown_proposal':
    case 'already_decided':
    case 'being_decided':
    case 'changed':
    case 'needs_reason':
    case 'invalid_grant':
    case 'invalid_dockerfile':
    case 'apply_failed':
    case 'audit_unavailable':
    case 'queue_unsafe':
    case 'queue_unavailable':
    case 'closed':
      return new SuperviseError(answer.code, message, { hint });
  }
}
