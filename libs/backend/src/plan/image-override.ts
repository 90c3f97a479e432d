import { visibleLine } from '@bot-bottle/audit';
import { BackendError } from '../errors.ts';

/** Variable of the host that names an agent's image and wins over the bottle's, the manifest's and the provider's. */
export const imageVariable = 'BOT_BOTTLE_IMAGE';

/**
 * name[:tag][@digest] in at most 255 characters, as engines take it (distribution/reference: a name in lower case, a
 * registry with an optional port before the first slash).
 */
const reference =
  /^(?=.{1,255}$)(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * Image that the operator wants for the agent whatever the bottle says, null: none. A backend without images has no use
 * for it. Empty counts as absent, as a shell cannot always take a variable away.
 *
 * @throws BackendError `invalid_request` for what is no reference to an image
 */
export function imageOverride(
  env: Readonly<Record<string, string | undefined>>,
  backend: { readonly name: string },
): string | null {
  const value = env[imageVariable] ?? '';
  if (value === '' || backend.name === 'bubblewrap') return null;
  if (reference.test(value)) return value;
  throw new BackendError(
    'invalid_request',
    `${imageVariable} is no name of an image: ${visibleLine(value, 100)}`,
    { hint: 'name[:tag], as in `docker images`; or unset it' },
  );
}
