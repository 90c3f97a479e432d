import { bundleConfig, programConfig } from '../../tsup.base.ts';

export default [
  ...bundleConfig({ library: ['src/index.ts'], program: ['src/main.ts'], chunks: true }),
  // Goes into a bottle whole.
  programConfig(['src/demo/agent/demo-agent.ts']),
  // What plugins import.
  programConfig(['src/plugins/provider-api.ts']),
];
