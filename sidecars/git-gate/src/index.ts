export { GitGateServerError } from './errors.ts';
export type { GitGateServerErrorCode } from './errors.ts';
export { createGitGateServer } from './git-gate-server.ts';
export type { GitGateServer, GitGateServerOptions } from './git-gate-server.ts';
