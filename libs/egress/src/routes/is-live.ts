import type { Route } from '../contracts.ts';

/** Whether a row is in force at `now` (milliseconds since the epoch). A row ends at its `expires_at`, not after it. */
export function isLive(route: Route, now: number): boolean {
  return route.expires_at === null || now < route.expires_at;
}
