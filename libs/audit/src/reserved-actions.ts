/** `action` of the last line of a chain that was closed in order. */
export const CLOSED_ACTION = 'log-closed';
/** `action` of the line that records that the chain before it was not closed in order. */
export const RECOVERED_ACTION = 'log-recovered';

/** What only the writer itself may say: a sidecar that could would hide that it was killed. */
export function isReservedAction(action: string): boolean {
  return action === CLOSED_ACTION || action === RECOVERED_ACTION;
}
