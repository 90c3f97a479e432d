import { visibleLine } from '@bot-bottle/audit';
import { BackendError, type BackendErrorCode } from '@bot-bottle/backend';

/** HTTP status of an engine's answer, null when there was none. */
export function statusOf(error: unknown): number | null {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : null;
  return typeof status === 'number' ? status : null;
}

/** Code of a failed system call, e.g. ECONNREFUSED; null when it was no such failure. */
export function systemCodeOf(error: unknown): string | null {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  return typeof code === 'string' ? code : null;
}

/** What the engine said, in one line. */
export function reasonOf(error: unknown): string {
  const json: unknown = error instanceof Error ? Reflect.get(error, 'json') : null;
  const said: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'message') : null;
  if (typeof said === 'string') return visibleLine(said, 500);
  return error instanceof Error ? visibleLine(error.message, 500) : 'unknown failure';
}

/** An error of the engine as one of ours; ours stay as they are. */
export function engineError(code: BackendErrorCode, what: string, error: unknown): BackendError {
  if (BackendError.isInstance(error)) return error;
  const gone = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(systemCodeOf(error) ?? '');
  return new BackendError(code, `${what}: ${reasonOf(error)}`, {
    hint: gone ? 'is the engine still running? bot-bottle doctor looks' : null,
    cause: error,
  });
}
