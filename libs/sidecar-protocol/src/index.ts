export { ProtocolError, ProtocolRefusal, protocolErrorCodes } from './error.ts';
export type { ProtocolErrorCode } from './error.ts';
export { LauncherChannel } from './launcher-channel.ts';
export type { LauncherChannelOptions, LauncherLimits } from './launcher-channel.ts';
export { MAX_LINE_BYTES, PROTOCOL_VERSION, fromSidecarSchema, toSidecarSchema } from './messages.ts';
export type { FromSidecar, ToSidecar } from './messages.ts';
export type { RequestOptions } from './pending-requests.ts';
export { readLines } from './read-lines.ts';
export { SidecarChannel } from './sidecar-channel.ts';
export type {
  Configuration,
  DecisionHandler,
  ReadyReport,
  SecretsHandler,
  SidecarChannelOptions,
  TableHandler,
} from './sidecar-channel.ts';
export { sidecarRuntime } from './sidecar-runtime.ts';
export type { SidecarRuntime } from './sidecar-runtime.ts';
