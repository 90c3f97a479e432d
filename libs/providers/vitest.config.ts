import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('providers', { isolate: false });
