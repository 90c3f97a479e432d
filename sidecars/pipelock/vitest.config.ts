import { defineTestConfig } from '../../vitest.base.ts';

export default defineTestConfig('sidecar-pipelock');
