import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { StartRequest } from './frames.ts';

const prefix = '__BOT_BOTTLE_';

/**
 * Run by `script` in the new terminal's session. It is constant: arguments arrive as numbered variables whose values
 * the shell expands but never parses, so nothing in them can become a command.
 */
const launcher = [
  `stty rows "$${prefix}ROWS" cols "$${prefix}COLS" 2>/dev/null`,
  `${prefix}I=0`,
  'set --',
  `while [ "$${prefix}I" -lt "$${prefix}COUNT" ]; do`,
  `eval "set -- \\"\\$@\\" \\"\\\${${prefix}ARG_$${prefix}I}\\"; unset ${prefix}ARG_$${prefix}I"`,
  `${prefix}I=$((${prefix}I + 1))`,
  'done',
  `if [ -n "\${${prefix}SHELL+x}" ]; then SHELL=$${prefix}SHELL; export SHELL; else unset SHELL; fi`,
  `unset SCRIPT ${prefix}ROWS ${prefix}COLS ${prefix}COUNT ${prefix}SHELL ${prefix}I`,
  'exec "$@"',
].join('\n');

/** Starts a process on a new pseudo-terminal whose other end is the returned child's stdin and stdout. */
export function spawnOnTerminal(
  request: StartRequest,
  size: { cols: number; rows: number },
): ChildProcessWithoutNullStreams {
  const { SHELL: shell, ...rest } = request.env;
  const env: Record<string, string> = rest;
  if (shell !== undefined) env[`${prefix}SHELL`] = shell;
  env[`${prefix}ROWS`] = String(size.rows);
  env[`${prefix}COLS`] = String(size.cols);
  env[`${prefix}COUNT`] = String(request.argv.length);
  for (const [index, argument] of request.argv.entries()) env[`${prefix}ARG_${index}`] = argument;
  // without a terminal of its own, script would switch echo off
  const args = ['-q', '-e', '-f', '-E', 'always', '-c', launcher, '/dev/null'];
  return spawn('/usr/bin/script', args, { cwd: request.cwd, env, stdio: 'pipe', detached: true });
}

/** Sets the size of the terminal that `script` holds; its foreground processes get SIGWINCH from the kernel. */
export function resizeTerminal(scriptPid: number, size: { cols: number; rows: number }): void {
  const index = terminalIndex(scriptPid);
  if (index === null) return;
  const args = ['-F', `/dev/pts/${index}`, 'rows', String(size.rows), 'cols', String(size.cols)];
  spawn('/usr/bin/stty', args, { stdio: 'ignore' }).on('error', () => {});
}

/** The process that leads the terminal's session: the only child of `script`. */
export function terminalLeader(scriptPid: number): number | null {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      if (parent === String(scriptPid)) return Number(entry);
    } catch {
      // it ended while we looked
    }
  }
  return null;
}

// the kernel names the slave of a master descriptor in its fdinfo (linux, drivers/tty/pty.c)
function terminalIndex(scriptPid: number): string | null {
  try {
    for (const fd of readdirSync(`/proc/${scriptPid}/fdinfo`)) {
      const found = /^tty-index:\s*(\d+)$/m.exec(readFileSync(`/proc/${scriptPid}/fdinfo/${fd}`, 'latin1'));
      if (found?.[1] !== undefined) return found[1];
    }
  } catch {
    // it ended while we looked
  }
  return null;
}
