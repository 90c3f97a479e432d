import { mergeConfig } from 'vitest/config';
import { defineTestConfig } from '../../vitest.base.ts';

export default mergeConfig(defineTestConfig('backend-docker', { testTimeout: 60_000 }), {
  // One engine, which compares what it has before and after.
  test: { fileParallelism: false, hookTimeout: 120_000 },
});
