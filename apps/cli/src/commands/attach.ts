import { Transform } from 'node:stream';
import { ControlClient, relayProcess, type ExitStatus } from '@bot-bottle/backend';
import type { CommandContext } from '../command-context.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { exitCodeOf } from '../output/exit-code.ts';
import { filtered, launchStdio } from '../terminal/launch-stdio.ts';

/** Ctrl-], telnet's way out. */
const leaveByte = 0x1d;

/** `attach <slug>`: the terminal of the agent, shared with whoever else looks at it. */
export async function attach({ io, printer }: CommandContext, slug: string): Promise<number> {
  const bottle = await findBottle(io, slug);
  const tty = bottle.tty && io.stdin.isTTY && io.stdout.isTTY;
  const size = tty ? { cols: io.stdout.columns || 80, rows: io.stdout.rows || 24 } : null;
  const session = await new ControlClient(bottle.socketPath).attach(size);
  const left = Promise.withResolvers<null>();
  if (!tty) {
    // Without a terminal on both ends there is only something to see.
    const plain = { stdin: null, stdout: filtered(io.stdout), stderr: filtered(io.stderr), tty: null };
    return end(await relayProcess(session, plain));
  }
  printer.note(`attached to ${bottle.identity}; Ctrl-] leaves`);
  const stdio = launchStdio(io, true);
  const opened = stdio.open();
  const input = io.stdin.pipe(untilLeft(() => left.resolve(null)));
  try {
    const status = await Promise.race([relayProcess(session, { ...opened, stdin: input }), left.promise]);
    return end(status);
  } finally {
    io.stdin.unpipe(input);
    stdio.restore();
    session.close();
    printer.note(`\nleft ${bottle.identity}`);
  }
}

const end = (status: ExitStatus | null): number => (status === null ? 0 : exitCodeOf(status));

function untilLeft(onLeave: () => void): Transform {
  let isLeft = false;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const at = chunk.indexOf(leaveByte);
      if (isLeft) return done();
      if (at < 0) return done(null, chunk);
      isLeft = true;
      onLeave();
      done(null, chunk.subarray(0, at));
    },
  });
}
