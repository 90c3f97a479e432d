export {
  ParityFailure,
  type BottleCase,
  type BottleContext,
  type LaunchCase,
  type LaunchContext,
  type ParityCase,
  type ParityOutcome,
  type ParitySubject,
} from './parity-case.ts';
export { parityCases } from './parity-cases.ts';
export {
  parityLauncher,
  type LaunchWish,
  type ParityLaunched,
  type ParityLauncher,
} from './parity-launcher.ts';
export { openForParity, runCase } from './run-case.ts';
