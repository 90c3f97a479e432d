export { controlOutput } from './control-output.ts';
export { crashOnUnhandled } from './crash-on-unhandled.ts';
export { flushed } from './flushed.ts';
export { jsonLog } from './json-log.ts';
export { listenOn, parseListen } from './listen.ts';
export type { ListenAddress } from './listen.ts';
export { limitLog } from './log.ts';
export type { Log, LogLevel, LogRecord } from './log.ts';
export { stopSignal } from './stop-signal.ts';
