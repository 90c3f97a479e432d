import { visibleLine } from '@bot-bottle/audit';
import type { SecretRef } from '@bot-bottle/providers';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { ResolvedSecrets } from '../secrets/resolve-secrets.ts';

/** No value from this length on is too short; below, DLP itself is asked, which takes a while to load. */
const LONG = 16;

/** A warning for each secret that is so short that DLP does not search for it; none holds a value. */
export async function shortSecretWarnings(
  { slotRefs, identity }: Pick<BottlePlan, 'slotRefs' | 'identity'>,
  { slots, env }: Pick<ResolvedSecrets, 'slots' | 'env'>,
): Promise<string[]> {
  const named = [
    ...slots.entries().map(([slot, value]) => [nameOf(slotRefs[slot]) ?? slot, value] as const),
    ...env.entries(),
  ];
  // '' is a credential that there is none of
  const suspects = named.filter(([, value]) => value !== '' && value.trim().length < LONG);
  if (suspects.length === 0) return [];
  const { isSearched } = await import('@bot-bottle/dlp');
  const names = new Set(suspects.flatMap(([name, value]) => (isSearched(value) ? [] : [name])));
  return [...names].map(
    (name) =>
      `${identity}: the secret ${visibleLine(name, 500)} is shorter than 8 bytes: DLP does not search for it, so it may leave the bottle; use a longer one`,
  );
}

/** What the operator calls it. */
function nameOf(ref: SecretRef | undefined): string | null {
  switch (ref?.kind) {
    case 'host-env':
    case 'prompt':
      return ref.name;
    case 'provider-file':
    case 'file':
      return ref.path;
    case undefined:
      return null;
  }
}
