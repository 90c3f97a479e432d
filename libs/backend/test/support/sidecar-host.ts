/** How an owner keeps a sidecar running, for tests of other packages. */
export { openSidecar } from '../../src/owner/sidecar-host.ts';
export type { OpenedSidecar, SidecarHostOptions } from '../../src/owner/sidecar-host.ts';
