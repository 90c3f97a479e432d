import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('sidecar-git-gate');
