export { createEgressServer } from './egress-server.ts';
export type { EgressServer, EgressServerOptions } from './egress-server.ts';
export { EgressServerError } from './errors.ts';
export type { EgressServerErrorCode } from './errors.ts';
export type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
