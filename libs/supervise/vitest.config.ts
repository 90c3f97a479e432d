import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('supervise', { isolate: false });
