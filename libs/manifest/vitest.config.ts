import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('manifest', { isolate: false });
