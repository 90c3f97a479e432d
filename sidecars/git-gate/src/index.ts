export { GitGateServerError } from './errors.ts';
export type { GitGateServerErrorCode } from './errors.ts';
