import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('audit', { isolate: false });
