export type { Io } from './io.ts';
export { version } from './program.ts';
export { runCli } from './run-cli.ts';
