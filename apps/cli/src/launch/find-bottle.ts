import { botBottleHome, enumerateActive, runtimeDir, type LiveBottle } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';

/**
 * The running bottle of this home with that identity, or the only one whose identity or label starts with it.
 *
 * @throws CliError `not_found`
 */
export async function findBottle(io: Io, slug: string): Promise<LiveBottle> {
  const { bottles, silent } = await enumerateActive({
    runtimeDir: runtimeDir(io.env),
    home: botBottleHome(io.env),
  });
  const exact = bottles.find(({ identity }) => identity === slug);
  if (exact !== undefined) return exact;
  if (silent.some(({ identity }) => identity === slug)) {
    throw new CliError('failed', `the owner of ${slug} does not answer`);
  }
  const matches =
    slug === '' ? [] : bottles.filter(({ identity, label }) => identity.startsWith(slug) || label === slug);
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  const which = matches.map(({ identity }) => identity).join(', ');
  if (which !== '') throw new CliError('not_found', `${slug} fits several bottles: ${which}`);
  throw new CliError('not_found', `no bottle ${slug} is running`, {
    hint: 'bot-bottle list shows those that are',
  });
}
