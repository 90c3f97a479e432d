export type { EgressBlock, SuperviseBackend } from './contracts.ts';
export { SuperviseServerError } from './errors.ts';
export type { SuperviseServerErrorCode } from './errors.ts';
export { createSuperviseServer } from './supervise-server.ts';
export type { SuperviseServer, SuperviseServerOptions } from './supervise-server.ts';
export { failureOf, ToolFailure } from './tool-failure.ts';
export type { ToolFailureCode } from './tool-failure.ts';
