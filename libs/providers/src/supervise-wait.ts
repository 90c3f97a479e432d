/**
 * Longest time in ms that an agent waits for the supervise tools before its first turn. Without them it would not know
 * that it can ask, and a headless run may have no other turn; a sidecar that cannot be had is not waited for longer.
 */
export const superviseWaitMs = 20_000;
