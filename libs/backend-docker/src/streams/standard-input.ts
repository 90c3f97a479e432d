import { Writable, type Duplex } from 'node:stream';

/** The writing half of a connection: its end, or its loss, is the end of the process's input and no more. */
export function standardInput(socket: Duplex): Writable {
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      // Input that nobody takes any more is no error: how the process ended tells.
      if (socket.destroyed || socket.writableEnded) done();
      else socket.write(chunk, () => done());
    },
    final: (done) => {
      if (!socket.destroyed) socket.end();
      done();
    },
    destroy: (error, done) => {
      if (!socket.destroyed) socket.end();
      done(error);
    },
  });
  stdin.on('error', () => undefined);
  socket.once('close', () => stdin.destroy());
  return stdin;
}
