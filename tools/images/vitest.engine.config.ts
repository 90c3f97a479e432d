import { defineTestConfig } from '../../vitest.base.ts';

const config = defineTestConfig('images-engine', { testTimeout: 120_000, fileParallelism: false });

// Real containers: one file at a time.
export default {
  ...config,
  test: { ...config.test, include: ['test/engine/**/*.test.ts'], hookTimeout: 120_000 },
};
