export { createBubblewrapBackend, type BubblewrapOptions } from './backend.ts';
