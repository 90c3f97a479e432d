import { defineTestConfig } from '../../vitest.base.ts';

// Most of the time goes to programs that a test waits for: two files at a time use two cores.
export default defineTestConfig('sidecar-git-gate', { maxWorkers: 2 });
