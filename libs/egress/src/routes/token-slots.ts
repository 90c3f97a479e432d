import { EgressError } from '../errors.ts';

export interface TokenSlot {
  readonly slot: string;
  /** name of the host value that the slot holds */
  readonly tokenRef: string;
}

export interface TokenSlots {
  /** The slot of a reference, a new one the first time. */
  slotOf(tokenRef: string): string;
  /** in slot order */
  list(): TokenSlot[];
}

const numbered = /^EGRESS_TOKEN_(\d+)$/;

/**
 * Hands out `EGRESS_TOKEN_0…`, one per distinct reference.
 *
 * @param fixed slots already in use by a running sidecar, which must keep their meaning
 * @throws EgressError `slot_conflict` when one slot would hold two references
 */
export function createTokenSlots(fixed: readonly TokenSlot[] = []): TokenSlots {
  const slots = new Map<string, string>();
  const refs = new Map<string, string>();
  let next = 0;

  function add(slot: string, tokenRef: string): void {
    const other = refs.get(slot);
    if (other !== undefined && other !== tokenRef) {
      const message = `slot ${slot} would hold both ${other} and ${tokenRef}`;
      throw new EgressError('slot_conflict', message, { data: { slot, tokenRefs: [other, tokenRef] } });
    }
    refs.set(slot, tokenRef);
    slots.set(tokenRef, slot);
    next = Math.max(next, Number(numbered.exec(slot)?.[1] ?? -1) + 1);
  }

  for (const entry of fixed) add(entry.slot, entry.tokenRef);
  return {
    slotOf(tokenRef) {
      const known = slots.get(tokenRef);
      if (known !== undefined) return known;
      const slot = `EGRESS_TOKEN_${next}`;
      add(slot, tokenRef);
      return slot;
    },
    list: () => [...refs].map(([slot, tokenRef]) => ({ slot, tokenRef })),
  };
}
