import { PassThrough, type Readable } from 'node:stream';
import { ControlClient, type Bottle, type ControlSession, type LiveBottle } from '@bot-bottle/backend';

/** A running bottle as its owner's control socket offers it: programs can be started, and nothing else. */
export function remoteBottle({ identity, socketPath }: Pick<LiveBottle, 'identity' | 'socketPath'>): Bottle {
  const client = new ControlClient(socketPath);
  const sessions = new Set<ControlSession>();
  const ended = Promise.withResolvers<void>();
  return {
    identity,
    exited: ended.promise,
    spawn: async (argv, { cwd = null, tty = null } = {}) => {
      const session = await client.exec({ argv, cwd, tty });
      sessions.add(session);
      const { stdin, exited } = session;
      return {
        stdin,
        stdout: detachable(session.stdout),
        stderr: detachable(session.stderr),
        exited,
        resize: (size) => session.resize(size),
        kill: (signal) => session.kill(signal),
      };
    },
    close: async () => {
      for (const session of sessions) session.close();
      ended.resolve();
    },
  };
}

/**
 * The stream, which may be given up: what comes afterwards is read and forgotten. One connection carries all streams of a
 * program, so that one that nobody reads would hold back its end.
 */
function detachable(stream: Readable): Readable {
  const copy = new PassThrough();
  copy.once('close', () => {
    stream.unpipe(copy);
    stream.resume();
  });
  stream.once('error', (error) => copy.destroy(error));
  return stream.pipe(copy);
}
