import { bundleConfig, programConfig } from '../../tsup.base.ts';

export default [
  ...bundleConfig({ library: ['src/index.ts'], program: ['src/main.ts'] }),
  // no part of the package: tests run it in the place of pipelock
  { ...programConfig(['testing/stand-in/main.ts']), outDir: 'dist/testing' },
];
