export type {
  Backoff,
  Child,
  ChildExit,
  ChildSpec,
  ExitReport,
  Supervisor,
  SupervisorOptions,
} from './contracts.ts';
export { BackoffDelay } from './backoff-delay.ts';
export { SupervisorError, supervisorErrorCodes } from './error.ts';
export type { SupervisorErrorCode } from './error.ts';
export { runAsInit } from './run-as-init.ts';
export type { RunAsInitOptions } from './run-as-init.ts';
export { spawnChild } from './spawn-child.ts';
export type { SpawnChildOptions } from './spawn-child.ts';
export { createSupervisor } from './supervisor.ts';
