export { GuardError } from './errors.ts';
export { startGuard } from './start-guard.ts';
export type { RunningGuard } from './start-guard.ts';
