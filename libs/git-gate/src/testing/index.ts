export { FakeForge, type Fault } from './fake-forge.ts';
export type { FakeKey, FakeReply, FakeRequest } from './forge-state.ts';
