/**
 * What a shell would end with when a program cannot be started: 127 when it is not there, 126 when it cannot be
 * executed (POSIX.1-2024, 2.8.2), null when the failure was another one.
 */
export function shellExitCode(error: unknown): 126 | 127 | null {
  if (!(error instanceof Error)) return null;
  const data: unknown = 'data' in error ? error.data : null;
  if (typeof data === 'object' && data !== null && 'exitCode' in data) {
    return data.exitCode === 126 || data.exitCode === 127 ? data.exitCode : null;
  }
  if (/: (?:not found|ENOENT)$/.test(error.message)) return 127;
  return /: (?:EACCES|ENOEXEC|EISDIR|ENOTDIR|EPERM|ELOOP)$/.test(error.message) ? 126 : null;
}
