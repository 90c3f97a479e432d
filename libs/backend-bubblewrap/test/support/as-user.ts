import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../../..');

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * A command of the checkout as another user runs it. Where the checkout lies below a folder that is closed to others,
 * they see it in `folder`, in a mount namespace of their own.
 */
export function asUser(uid: number, argv: readonly string[], folder: string): Command {
  const [file = '', ...args] = argv;
  if (openToOthers(repository)) return { file, args, uid, gid: uid };
  const view = `${folder}/checkout`;
  mkdirSync(view, { mode: 0o755 });
  const seen = argv.map((word) =>
    word.startsWith(`${repository}/`) ? view + word.slice(repository.length) : word,
  );
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const drop = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];
  return { file: 'unshare', args: ['--mount', 'sh', '-c', script, 'sh', repository, view, ...drop, ...seen] };
}

function openToOthers(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (path === '/' || openToOthers(dirname(path)));
}
