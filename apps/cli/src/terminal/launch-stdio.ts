import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import type { MainStdio, TerminalSize } from '@bot-bottle/backend';
import type { Io } from '../io.ts';
import { OutputFilter } from './output-filter.ts';
import { restoreSequence } from './restore-sequence.ts';

export interface LaunchStdio {
  /** Takes the terminal, where there is one, into raw mode. */
  open(): MainStdio;
  /** Gives it back; safe to call at any time. */
  restore(): void;
}

/** The operator's stdio for a program: byte for byte through pipes, or his terminal with dangerous sequences filtered. */
export function launchStdio(io: Io, tty: boolean): LaunchStdio {
  return tty ? terminalStdio(io) : pipeStdio(io);
}

function pipeStdio({ stdin, stdout, stderr }: Io): LaunchStdio {
  return {
    open: () => ({ stdin, stdout: safeFor(stdout), stderr: safeFor(stderr), tty: null }),
    restore: () => undefined,
  };
}

function terminalStdio({ stdin, stdout }: Io): LaunchStdio {
  let isRaw = false;
  let onResize: (() => void) | null = null;
  const size = (): TerminalSize => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 });
  return {
    open: () => {
      stdin.setRawMode(true);
      isRaw = true;
      passOutputAsItIs();
      return {
        stdin,
        stdout: filtered(stdout),
        stderr: null,
        tty: size(),
        onStart: (main) => {
          onResize = () => main.resize(size());
          stdout.on('resize', onResize);
        },
      };
    },
    restore: () => {
      if (onResize !== null) stdout.off('resize', onResize);
      if (!isRaw) return;
      isRaw = false;
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(restoreSequence);
    },
  };
}

/** A file or pipe gets every byte; a terminal is a terminal, also when the program has none. */
export function safeFor(stream: NodeJS.WriteStream): Writable {
  return stream.isTTY ? filtered(stream) : stream;
}

/**
 * Node's raw mode lets the terminal go on turning LF into CR LF, which the program's own terminal did already, or did
 * not because the program moves the cursor by it. Leaving raw mode takes this back too.
 */
function passOutputAsItIs(): void {
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'], timeout: 2000 });
}

/** A stream that keeps what a terminal must not see from it. */
export function filtered(target: Writable): Writable {
  const filter = new OutputFilter();
  return new Writable({
    highWaterMark: 64 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      const safe = filter.push(chunk);
      if (safe.length === 0 || target.write(safe)) done();
      else target.once('drain', () => done());
    },
  });
}
