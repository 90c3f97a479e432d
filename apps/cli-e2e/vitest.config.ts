import { defineTestConfig } from '../../vitest.base.ts';
import { filesOf } from './lanes.ts';

// Real bottles: one file of a lane at a time, or two cores make time-outs out of nothing.
export default defineTestConfig('cli-e2e', {
  testTimeout: 90_000,
  fileParallelism: false,
  ...filesOf(process.env['E2E_LANE']),
});
