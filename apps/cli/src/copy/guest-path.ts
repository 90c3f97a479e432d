import { posix } from 'node:path';
import { guestHome, guestWorkspace } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';

/** What is copied: a path of one bottle. */
export interface GuestSource {
  readonly slug: string;
  /** as typed */
  readonly path: string;
}

/**
 * Reads `<slug>:PATH`.
 *
 * @param destination only to say what is wrong
 * @throws CliError `usage`
 */
export function guestSource(text: string, destination: string): GuestSource {
  const [, slug, path] = /^([A-Za-z0-9][\w.-]*):(.*)$/s.exec(text) ?? [];
  if (slug !== undefined && path !== undefined) return { slug, path };
  if (/^[A-Za-z0-9][\w.-]*:/.test(destination)) {
    throw new CliError('usage', 'cp copies out of bottles only, nothing into a running one', {
      hint: 'start with --cwd copies a folder in; small files can go through: exec <slug> -- tee PATH < FILE',
    });
  }
  throw new CliError('usage', `${JSON.stringify(text)} does not name a bottle`, {
    hint: 'bot-bottle cp <slug>:PATH DEST',
  });
}

/** Absolute path in the guest; what is relative starts at the workspace, or at the home of a bottle without one. */
export function absoluteGuestPath(path: string, hasWorkspace: boolean): string {
  const fromHome = path === '~' ? '.' : path.startsWith('~/') ? path.slice(2) : null;
  if (fromHome !== null) return posix.join(guestHome, fromHome);
  return posix.resolve(hasWorkspace ? guestWorkspace : guestHome, path);
}
