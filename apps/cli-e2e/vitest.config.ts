import { defineTestConfig } from '../../vitest.base.ts';

// Real bottles: one file at a time, or two cores make time-outs out of nothing.
export default defineTestConfig('cli-e2e', {
  testTimeout: 90_000,
  fileParallelism: false,
  include: ['test/**/*.test.ts', 'escape/**/*.test.ts'],
});
