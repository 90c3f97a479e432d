import { visibleLine } from '@bot-bottle/audit';
import type { Bottle } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import { systemPath } from './system-path.ts';
import { execInBottle, type ExecResult } from './exec-in-bottle.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { ReaderGone, writeTar } from '../tar/write-tar.ts';

export interface CopyInOptions {
  /** folder of the guest that entry paths are relative to */
  readonly root: string;
  readonly env?: Readonly<Record<string, string>>;
  /** folder below `root` to remove first, so that it is replaced */
  readonly replace?: string;
  /** file below `root` whose SHA-256 is reported after unpacking */
  readonly checksum?: string;
  /** milliseconds, default ten minutes */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CopyInResult {
  /** entries that vanished on the host before they were read */
  readonly missing: readonly string[];
  /** SHA-256, hex, of `checksum` as the guest sees it, null when it was not asked for */
  readonly sha256: string | null;
}

// Constant text; everything that varies comes as an argument.
const script = `${systemPath}
cd -- "$1" || exit
if [ -n "$2" ]; then rm -rf -- "$2" || exit; fi
tar -xpf - || exit
if [ -n "$3" ]; then sha256sum -- "$3"; fi`;

/**
 * Puts entries into a bottle by one `tar -x` in the guest.
 *
 * @throws BackendError `exec_failed` with what the guest's tar said
 */
export async function copyIn(
  bottle: Bottle,
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  options: CopyInOptions,
): Promise<CopyInResult> {
  let missing: string[] = [];
  let failure: unknown = null;
  const argv = [
    '/bin/sh',
    '-c',
    script,
    'copy-in',
    options.root,
    options.replace ?? '',
    options.checksum ?? '',
  ];
  const result = await execInBottle(bottle, argv, {
    timeoutMs: options.timeoutMs ?? 600_000,
    maxOutput: 64 * 1024,
    cwd: '/',
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    input: async (stdin) => {
      try {
        missing = await writeTar(entries, stdin);
      } catch (error) {
        failure = error;
        stdin.destroy();
      }
    },
  });
  if (failure !== null && !(failure instanceof ReaderGone)) throw failure;
  if (failure !== null || result.code !== 0) throw unpackFailed(result);
  return {
    missing,
    sha256: options.checksum === undefined ? null : (/^[0-9a-f]{64}(?= )/.exec(result.stdout)?.[0] ?? ''),
  };
}

function unpackFailed(result: ExecResult): BackendError {
  const [first = ''] = result.stderr.trim().split('\n');
  return new BackendError(
    'exec_failed',
    `files could not be unpacked in the bottle (exit code ${result.code})`,
    {
      data: { stderr: result.stderr.slice(0, 4096) },
      ...(first === '' ? {} : { hint: `the bottle said: ${visibleLine(first, 300)}` }),
    },
  );
}
