import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('egress', { isolate: false });
