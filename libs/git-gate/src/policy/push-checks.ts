import type { PushCheck } from './check.ts';
import {
  approveAlwaysCheck,
  findingsCheck,
  markedFindingsCheck,
  protectedPathsCheck,
} from './checks/content.ts';
import {
  branchesCheck,
  defaultBranchCheck,
  deleteCheck,
  forceCheck,
  refsCheck,
  tagsCheck,
} from './checks/refs.ts';
import { hiddenCheck, optionsCheck, sizeCheck } from './checks/transport.ts';

/** Every check of a push, in the order of its report (`checkNames`). All of them run, whatever the others say. */
export const pushChecks: readonly PushCheck[] = [
  optionsCheck,
  sizeCheck,
  refsCheck,
  branchesCheck,
  tagsCheck,
  deleteCheck,
  forceCheck,
  hiddenCheck,
  findingsCheck,
  markedFindingsCheck,
  defaultBranchCheck,
  protectedPathsCheck,
  approveAlwaysCheck,
];
