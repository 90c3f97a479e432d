/** How a sidecar's Node is started, wherever it runs. */
export interface SidecarRuntime {
  /** options of `node`, before the program */
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Without it, SIGUSR1 opens a debugger. */
const noDebugger = '--disable-sigusr1';

const plain: SidecarRuntime = { options: [noDebugger], env: {} };

/**
 * Egress makes many short-lived buffers. V8 would let its young generation grow to 48 MiB before it looks what is
 * still used, and glibc would keep what big blocks leave behind: it stops giving them a mapping of their own once one
 * was freed, unless the threshold is set (mallopt(3)). Other C libraries ignore these variables.
 */
const lean: SidecarRuntime = {
  options: [noDebugger, '--max-semi-space-size=4'],
  env: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
};

export function sidecarRuntime(name: 'egress' | 'git-gate' | 'supervise' | 'pipelock'): SidecarRuntime {
  return name === 'egress' ? lean : plain;
}
