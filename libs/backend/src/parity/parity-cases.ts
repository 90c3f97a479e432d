import { copyCases } from './cases/copy-cases.ts';
import { envCases } from './cases/env-cases.ts';
import { limitCases } from './cases/limit-cases.ts';
import { networkCases } from './cases/network-cases.ts';
import { processCases } from './cases/process-cases.ts';
import { remediationCases } from './cases/remediation-cases.ts';
import { resumeCases } from './cases/resume-cases.ts';
import { teardownCases } from './cases/teardown-cases.ts';
import { terminalCases } from './cases/terminal-cases.ts';
import { userCases } from './cases/user-cases.ts';
import type { ParityCase } from './parity-case.ts';

/**
 * The suite that each backend passes unchanged. In the bottle the cases need a POSIX shell, coreutils, perl and Node.js;
 * those of whole launches also the built sidecars.
 */
export const parityCases: readonly ParityCase[] = [
  ...envCases,
  ...userCases,
  ...processCases,
  ...terminalCases,
  ...copyCases,
  ...networkCases,
  ...resumeCases,
  ...remediationCases,
  ...limitCases,
  ...teardownCases,
];
