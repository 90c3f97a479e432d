import { BackendError, type Metadata, type StateEntry, type StateStore } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';

/**
 * The state with that identity, or the only one whose identity or label starts so. Only looks.
 *
 * @throws CliError `not_found`, BackendError `state_missing` without usable metadata, `state_locked` while it runs
 */
export async function findState(
  store: StateStore,
  slug: string,
): Promise<StateEntry & { readonly metadata: Metadata }> {
  const identity = await identityOf(store, slug);
  const pid = await store.holder(identity);
  if (pid !== null) {
    throw new BackendError('state_locked', `${identity} is running (process ${pid})`, {
      hint: `bot-bottle attach ${identity} joins it`,
      data: { identity, pid },
    });
  }
  return await store.read(identity);
}

async function identityOf(store: StateStore, slug: string): Promise<string> {
  const all = await store.list();
  const isExact = all.some(({ identity }) => identity === slug);
  const matches = isExact
    ? [slug]
    : all
        .filter(({ identity, metadata }) => identity.startsWith(slug) || metadata?.label === slug)
        .map(({ identity }) => identity);
  const [only] = slug === '' ? [] : matches;
  if (only !== undefined && matches.length === 1) return only;
  const which = slug === '' ? '' : matches.join(', ');
  if (which !== '') throw new CliError('not_found', `${slug} fits several bottles: ${which}`);
  throw new CliError('not_found', `there is no state of ${slug}`, {
    hint: 'bot-bottle list preserved shows what can be resumed',
  });
}

/** What can be resumed: preserved, or left by a launcher that died; nothing that runs. */
export async function resumableStates(store: StateStore): Promise<readonly StateEntry[]> {
  const found: StateEntry[] = [];
  for (const entry of await store.list()) {
    const isLeft = entry.preserved || (entry.metadata?.agent ?? null) !== null;
    if (isLeft && (await store.holder(entry.identity)) === null) found.push(entry);
  }
  return found;
}
