import { defineTestConfig } from '../../vitest.base.ts';

// One file at a time: each starts real programs and loads them.
export default defineTestConfig('fuzz', { testTimeout: 120_000, fileParallelism: false });
