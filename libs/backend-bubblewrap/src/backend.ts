import { homedir } from 'node:os';
import { join } from 'node:path';
import { BackendError, type Backend } from '@bot-bottle/backend';
import { findBwrap } from './find-bwrap.ts';
import { BubblewrapHost } from './host.ts';
import { type HostFolders, hostFolders } from './host-folders.ts';
import { findLeftovers } from './leftovers.ts';
import { enforcedLimits } from './limits.ts';
import { probeBubblewrap } from './probe.ts';

export interface BubblewrapOptions {
  /** folder for running bottles; default `$XDG_RUNTIME_DIR/bot-bottle/bubblewrap`, as root `/run/bot-bottle` */
  readonly runtimeDir?: string;
  /** folder for copies of programs; default `~/.cache/bot-bottle/programs`, as root `/var/cache/bot-bottle/programs` */
  readonly cacheDir?: string;
  /** as root: folder for the homes of bottles; default `/var/lib/bot-bottle` */
  readonly homesDir?: string;
  /** the bwrap executable; default: the one on PATH */
  readonly bwrap?: string;
}

// a bottle's first possible user: what works for it works for all
const anyBottleUser = { uid: 61184, gid: 61184 };

/** Bottles made of Linux namespaces by bubblewrap: no daemon, no images. Nothing starts before `open`. */
export function createBubblewrapBackend(options: BubblewrapOptions = {}): Backend {
  const uid = process.getuid?.() ?? 0;
  const standard = hostFolders(process.env, uid, homedir());
  const folders: HostFolders = {
    runtime: options.runtimeDir === undefined ? standard.runtime : join(options.runtimeDir, 'bubblewrap'),
    homes: uid === 0 ? (options.homesDir ?? standard.homes) : null,
    cache: options.cacheDir ?? standard.cache,
  };
  const bwrap = options.bwrap ?? findBwrap(process.env['PATH']);
  return {
    name: 'bubblewrap',
    capabilities: { rootExec: false, rebuild: false, gvisor: false, resourceLimits: enforcedLimits() },
    probe: () => probeBubblewrap({ bwrap, user: uid === 0 ? anyBottleUser : null }),
    open: async (spec) => {
      if (bwrap === null)
        throw new BackendError('backend_unavailable', 'bwrap is not installed', {
          hint: 'install bubblewrap',
        });
      return await BubblewrapHost.open(spec, { bwrap, folders });
    },
    leftovers: (live) => findLeftovers(folders, live),
  };
}
